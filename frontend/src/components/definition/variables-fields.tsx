// Environment variables that everybody may read; what nobody may read is a secret.
import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

interface Row {
  id: number;
  name: string;
  value: string;
}

interface Props {
  value: Readonly<Record<string, string>>;
  onChange: (value: Record<string, string>) => void;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** Whether a job may be given a variable of this name. */
export const isVariable = (name: string) => NAME.test(name) && !name.startsWith("MLSTEAM_");

export function VariablesFields({ value, onChange }: Props) {
  const { t } = useTranslation();
  const [rows, setRows] = useState<readonly Row[]>(() =>
    Object.entries(value).map(([name, held], id) => ({ id, name, value: held })),
  );
  const take = (next: readonly Row[]) => {
    setRows(next);
    onChange(Object.fromEntries(next.filter((row) => row.name !== "").map((row) => [row.name, row.value])));
  };
  const change = (id: number, part: Partial<Row>) =>
    take(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  return (
    <Stack gap="xs">
      {rows.length === 0 && (
        <Text size="sm" className="dim">
          {t("definition.variablesNone")}
        </Text>
      )}
      {rows.map((row) => (
        <Group key={row.id} gap="xs" wrap="nowrap" align="flex-start">
          <TextInput
            aria-label={t("definition.variableName")}
            placeholder="OMP_NUM_THREADS"
            classNames={{ input: "mono" }}
            style={{ flex: "1 1 40%", minWidth: 0 }}
            value={row.name}
            error={row.name !== "" && !isVariable(row.name) ? t("definition.variableBad") : undefined}
            onChange={({ currentTarget }) => change(row.id, { name: currentTarget.value.trim() })}
          />
          <TextInput
            aria-label={t("definition.variableValue", { name: row.name })}
            placeholder={t("definition.value")}
            classNames={{ input: "mono" }}
            style={{ flex: "1 1 60%", minWidth: 0 }}
            value={row.value}
            onChange={({ currentTarget }) => change(row.id, { value: currentTarget.value })}
          />
          <ActionIcon
            size="lg"
            aria-label={t("definition.variableRemove", { name: row.name })}
            onClick={() => take(rows.filter((one) => one.id !== row.id))}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} />}
        style={{ alignSelf: "flex-start" }}
        onClick={() =>
          take([...rows, { id: Math.max(-1, ...rows.map((row) => row.id)) + 1, name: "", value: "" }])
        }
      >
        {t("definition.variableAdd")}
      </Button>
    </Stack>
  );
}
