// Which columns are shown, in which order: found by words, ticked, moved up and down.
import { ActionIcon, Button, Checkbox, Group, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ColumnFacts } from "@/api/listing";
import { isOwn, OWN_COLUMNS } from "./columns";

interface Props {
  shown: readonly string[];
  facts: readonly ColumnFacts[];
  onChange: (columns: string[]) => void;
  onReset: () => void;
}

const MOST_OFFERED = 200;

export function ColumnChooser({ shown, facts, onChange, onReset }: Props) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState("");
  const label = (name: string) => (isOwn(name) ? t(`column.${name}`) : name);
  const matches = (name: string) =>
    `${label(name)} ${name}`.toLowerCase().includes(wanted.trim().toLowerCase());
  const others = [...OWN_COLUMNS, ...facts.map(({ name }) => name)].filter(
    (name) => !shown.includes(name) && matches(name),
  );
  const step = (index: number, by: number) => {
    const next = [...shown];
    const [moved] = next.splice(index, 1);
    if (moved !== undefined) next.splice(index + by, 0, moved);
    onChange(next);
  };
  return (
    <Stack gap="sm">
      <TextInput
        data-autofocus
        aria-label={t("column.search")}
        placeholder={t("column.search")}
        leftSection={<IconSearch size={16} />}
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      />
      <ScrollArea.Autosize mah="55vh" offsetScrollbars viewportProps={{ tabIndex: 0 }}>
        <Text size="sm" fw={600} mb={4}>
          {t("column.shown", { n: shown.length })}
        </Text>
        {shown.map((name, index) =>
          matches(name) ? (
            <Group key={name} gap={4} wrap="nowrap" mih={32}>
              <Checkbox
                checked
                label={label(name)}
                style={{ flex: 1, minWidth: 0, overflowWrap: "anywhere" }}
                disabled={shown.length === 1}
                onChange={() => onChange(shown.filter((one) => one !== name))}
              />
              <ActionIcon
                disabled={index === 0}
                aria-label={t("column.up", { name: label(name) })}
                onClick={() => step(index, -1)}
              >
                <IconArrowUp size={16} />
              </ActionIcon>
              <ActionIcon
                disabled={index === shown.length - 1}
                aria-label={t("column.down", { name: label(name) })}
                onClick={() => step(index, 1)}
              >
                <IconArrowDown size={16} />
              </ActionIcon>
            </Group>
          ) : null,
        )}
        {others.length > 0 && (
          <Text size="sm" fw={600} mt="md" mb={4}>
            {t("column.more")}
          </Text>
        )}
        {others.slice(0, MOST_OFFERED).map((name) => (
          <Checkbox
            key={name}
            checked={false}
            py={6}
            label={label(name)}
            style={{ overflowWrap: "anywhere" }}
            onChange={() => onChange([...shown, name])}
          />
        ))}
        {others.length > MOST_OFFERED && (
          <Text size="sm" className="dim" py={6}>
            {t("column.tooMany", { n: others.length - MOST_OFFERED })}
          </Text>
        )}
      </ScrollArea.Autosize>
      <Group justify="flex-end">
        <Button variant="default" onClick={onReset}>
          {t("column.reset")}
        </Button>
      </Group>
    </Stack>
  );
}
