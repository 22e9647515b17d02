// The pod of a job, where jobs run on Kubernetes: image, what it may take, where it may stand.
import { NumberInput, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { JobRules } from "@/api/jobs";
import type { LabDefinition } from "@/api/labs";

type Environment = LabDefinition["environment"];
type Pod = NonNullable<Environment["pod"]>;

export const EMPTY_POD: Pod = {
  image: "",
  cpus: 0,
  memory_mb: 0,
  gpus: 0,
  node_selector: {},
  volumes: [],
  retries: 0,
};

/** Whether to ask for a pod: one of the runners makes them, or somebody said something of it already. */
export function hasPods(rules: JobRules | undefined, pod: Pod): boolean {
  const isSet = JSON.stringify({ ...EMPTY_POD, ...pod }) !== JSON.stringify(EMPTY_POD);
  return isSet || (rules?.runners.some((runner) => runner.kind === "kubernetes") ?? false);
}

interface Props {
  value: Pod;
  onChange: (value: Pod) => void;
}

export function PodFields({ value, onChange }: Props) {
  const { t } = useTranslation();
  const number = (name: "cpus" | "memory_mb" | "gpus" | "retries", most: number) => (
    <NumberInput
      key={name}
      label={t(`pod.${name}`)}
      min={0}
      max={most}
      allowDecimal={name === "cpus"}
      value={value[name]}
      onChange={(typed) => onChange({ ...value, [name]: typeof typed === "number" ? typed : 0 })}
    />
  );
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      <TextInput
        label={t("pod.image")}
        description={t("pod.imageHint")}
        placeholder="registry.example.com/team/train:1.2"
        classNames={{ input: "mono" }}
        value={value.image}
        onChange={({ currentTarget }) => onChange({ ...value, image: currentTarget.value.trim() })}
      />
      <TagsInput
        label={t("pod.volumes")}
        description={t("pod.volumesHint")}
        classNames={{ input: "mono" }}
        value={value.volumes}
        onChange={(volumes) => onChange({ ...value, volumes })}
      />
      {number("cpus", 1024)}
      {number("memory_mb", 10_000_000)}
      {number("gpus", 64)}
      {number("retries", 10)}
      <TagsInput
        label={t("pod.labels")}
        description={t("pod.labelsHint")}
        placeholder="zone=a"
        classNames={{ input: "mono" }}
        value={Object.entries(value.node_selector).map(([name, held]) => `${name}=${held}`)}
        onChange={(typed) => onChange({ ...value, node_selector: parseLabels(typed) })}
      />
    </SimpleGrid>
  );
}

function parseLabels(typed: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    typed.flatMap((one) => {
      const [name = "", ...rest] = one.split("=");
      return name.trim() === "" ? [] : [[name.trim(), rest.join("=").trim()]];
    }),
  );
}
