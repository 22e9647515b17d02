// Names of hyperparameters with their values: numbers, true and false, texts, ranges that the server expands.
import { ActionIcon, Badge, Button, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Hyperparameters } from "@/api/labs";
import { formatScalar, kindOf, type ParamValue, parseScalar } from "@/lib/scalars";
import classes from "./labs.module.css";

interface Row {
  id: number;
  name: string;
  values: readonly ParamValue[];
}

interface Props {
  value: Hyperparameters;
  onChange: (value: Hyperparameters) => void;
}

export function HyperparameterEditor({ value, onChange }: Props) {
  const { t } = useTranslation();
  const [rows, setRows] = useState<readonly Row[]>(() =>
    Object.entries(value).map(([name, values], id) => ({ id, name, values })),
  );
  const take = (next: readonly Row[]) => {
    setRows(next);
    onChange(
      Object.fromEntries(next.filter((row) => row.name !== "").map((row) => [row.name, [...row.values]])),
    );
  };
  const change = (id: number, part: Partial<Row>) =>
    take(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  const add = () =>
    take([...rows, { id: Math.max(-1, ...rows.map((row) => row.id)) + 1, name: "", values: [] }]);
  return (
    <Stack gap="xs">
      {rows.length === 0 && (
        <Text size="sm" className="dim">
          {t("hyper.none")}
        </Text>
      )}
      {rows.map((row) => (
        <div key={row.id} className={classes.row}>
          <TextInput
            aria-label={t("hyper.name")}
            placeholder="learning_rate"
            className={classes.rowName}
            classNames={{ input: "mono" }}
            value={row.name}
            error={isTwice(rows, row) ? t("hyper.twice") : undefined}
            onChange={({ currentTarget }) => change(row.id, { name: currentTarget.value.trim() })}
          />
          <TagsInput
            aria-label={t("hyper.values", { name: row.name })}
            placeholder={row.values.length === 0 ? "0.01, 0.1" : undefined}
            className={classes.rowValues}
            splitChars={[",", "\n"]}
            value={row.values.map(formatScalar)}
            onChange={(typed) => change(row.id, { values: typed.map(parseScalar) })}
          />
          <KindBadge values={row.values} />
          <ActionIcon
            size="lg"
            aria-label={t("hyper.remove", { name: row.name })}
            onClick={() => take(rows.filter((one) => one.id !== row.id))}
          >
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} />}
        style={{ alignSelf: "flex-start" }}
        onClick={add}
      >
        {t("hyper.add")}
      </Button>
      <Text size="xs" className="dim">
        {t("hyper.hint")}
      </Text>
    </Stack>
  );
}

const isTwice = (rows: readonly Row[], row: Row) =>
  row.name !== "" && rows.some((one) => one.id < row.id && one.name === row.name);

/** As what the training gets them. */
function KindBadge({ values }: { values: readonly ParamValue[] }) {
  const { t } = useTranslation();
  const kind = kindOf(values);
  return <span className={classes.kind}>{kind !== "none" && <Badge>{t(`hyper.kind.${kind}`)}</Badge>}</span>;
}
