// What a search is for and how it is done: the key that counts, how many trials, which of them are stopped early.
import { Autocomplete, NumberInput, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SearchPlan } from "@/api/labs";
import { columnsQuery } from "@/api/listing";

const MOST_AT_ONCE = 100;
const MOST_SUGGESTED = 50;
/** Of these people want little. */
const SMALL_IS_GOOD = /loss|err|mse|mae|nll|perplexity|fid\b|wer\b|cer\b|time|latency/i;

export const FIRST_PLAN: SearchPlan = {
  objective: "",
  direction: "maximize",
  n_trials: 20,
  n_parallel: 2,
  sampler: "tpe",
  pruner: "none",
  prune_after: 0,
  seed: 0,
};

interface Props {
  project: string;
  mostTrials: number;
  value: SearchPlan;
  onChange: (value: SearchPlan) => void;
}

export function SearchFields({ project, mostTrials, value, onChange }: Props) {
  const { t } = useTranslation();
  const columns = useQuery(columnsQuery(project));
  const [isChosen, setIsChosen] = useState(false);
  const keys = (columns.data?.items ?? [])
    .filter((column) => column.kind === "metric" && column.is_number)
    .map((column) => column.key);
  const change = (part: Partial<SearchPlan>) => onChange({ ...value, ...part });
  const number = (name: "n_trials" | "n_parallel" | "prune_after" | "seed", least: number, most: number) => (
    <NumberInput
      label={t(`search.${name}`)}
      min={least}
      max={most}
      allowDecimal={false}
      clampBehavior="strict"
      value={value[name]}
      onChange={(typed) => typeof typed === "number" && typed >= least && change({ [name]: typed })}
    />
  );
  return (
    <Stack gap="md">
      <Text size="sm" className="dim">
        {t("search.lead")}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
        <Autocomplete
          label={t("search.objective")}
          description={t("search.objectiveHint")}
          placeholder="val/accuracy"
          classNames={{ input: "mono" }}
          required
          data={keys}
          limit={MOST_SUGGESTED}
          value={value.objective}
          onChange={(objective) =>
            change(
              isChosen
                ? { objective }
                : { objective, direction: SMALL_IS_GOOD.test(objective) ? "minimize" : "maximize" },
            )
          }
        />
        <Select
          label={t("search.direction")}
          description={t("search.directionHint")}
          allowDeselect={false}
          data={(["maximize", "minimize"] as const).map((one) => ({
            value: one,
            label: t(`search.direction.${one}`),
          }))}
          value={value.direction}
          onChange={(direction) => {
            if (!direction) return;
            setIsChosen(true);
            change({ direction });
          }}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md">
        {number("n_trials", 1, mostTrials)}
        {number("n_parallel", 1, MOST_AT_ONCE)}
        <Select
          label={t("search.sampler")}
          allowDeselect={false}
          data={(["tpe", "random"] as const).map((one) => ({
            value: one,
            label: t(`search.sampler.${one}`),
          }))}
          value={value.sampler}
          onChange={(sampler) => sampler && change({ sampler })}
        />
        {number("seed", 0, Number.MAX_SAFE_INTEGER)}
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
        <Select
          label={t("search.pruner")}
          allowDeselect={false}
          data={(["none", "median", "asha"] as const).map((one) => ({
            value: one,
            label: t(`search.pruner.${one}`),
          }))}
          value={value.pruner}
          onChange={(pruner) => pruner && change({ pruner })}
        />
        {value.pruner !== "none" && number("prune_after", 0, 2 ** 31)}
      </SimpleGrid>
    </Stack>
  );
}
