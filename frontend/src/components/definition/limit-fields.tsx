// What `python` is to the command, and what each process of a job may take.
import { NumberInput, SimpleGrid, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { LabDefinition } from "@/api/labs";

type Environment = LabDefinition["environment"];
type Limits = LabDefinition["limits"];

interface EnvironmentProps {
  value: Environment;
  onChange: (value: Environment) => void;
}

export function EnvironmentFields({ value, onChange }: EnvironmentProps) {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      <TextInput
        label={t("definition.python")}
        description={t("definition.pythonHint")}
        placeholder="/opt/venv/bin/python"
        classNames={{ input: "mono" }}
        value={value.python}
        onChange={({ currentTarget }) => onChange({ ...value, python: currentTarget.value.trim() })}
      />
      <TextInput
        label={t("definition.requirements")}
        description={t("definition.requirementsHint")}
        placeholder="requirements.txt"
        classNames={{ input: "mono" }}
        value={value.requirements}
        onChange={({ currentTarget }) => onChange({ ...value, requirements: currentTarget.value.trim() })}
      />
    </SimpleGrid>
  );
}

interface LimitProps {
  value: Limits;
  onChange: (value: Limits) => void;
}

const LEAST_MEMORY_MB = 256;
const MOST_GRACE_S = 15;

export function LimitFields({ value, onChange }: LimitProps) {
  const { t } = useTranslation();
  const number = (typed: number | string, otherwise: number) =>
    typeof typed === "number" ? typed : otherwise;
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
      <NumberInput
        label={t("definition.memory")}
        description={t("definition.noneIsZero")}
        min={0}
        allowDecimal={false}
        thousandSeparator=","
        value={value.memory_mb}
        error={
          value.memory_mb > 0 && value.memory_mb < LEAST_MEMORY_MB
            ? t("definition.memoryBad", { n: LEAST_MEMORY_MB })
            : undefined
        }
        onChange={(typed) => onChange({ ...value, memory_mb: number(typed, 0) })}
      />
      <NumberInput
        label={t("definition.cpu")}
        description={t("definition.noneIsZero")}
        min={0}
        allowDecimal={false}
        thousandSeparator=","
        value={value.cpu_s}
        onChange={(typed) => onChange({ ...value, cpu_s: number(typed, 0) })}
      />
      <NumberInput
        label={t("definition.grace")}
        description={t("definition.graceHint", { n: MOST_GRACE_S })}
        min={0}
        max={MOST_GRACE_S}
        value={value.grace_s}
        onChange={(typed) => onChange({ ...value, grace_s: number(typed, MOST_GRACE_S) })}
      />
    </SimpleGrid>
  );
}
