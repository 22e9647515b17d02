// Which combinations a submission takes: the whole grid, a sample of it that a seed repeats, a list, or a search.
import { Group, NumberInput, SegmentedControl, Stack, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Choice, Hyperparameters, Lab } from "@/api/labs";
import { parseCombinations } from "@/lib/scalars";
import { HyperparameterEditor } from "./hyperparameter-editor";
import { FIRST_PLAN, SearchFields } from "./search-fields";

interface Props {
  lab: Lab;
  project: string;
  choice: Choice;
  onChange: (choice: Choice) => void;
}

const KINDS = ["grid", "random", "list", "search"] as const;
const SAMPLE = 10;
const MOST_JOBS = 1000;

export function ChoiceFields({ lab, project, choice, onChange }: Props) {
  const { t } = useTranslation();
  const [held, setHeld] = useState<Hyperparameters>(lab.hyperparameters);
  const [n, setN] = useState(SAMPLE);
  const [seed, setSeed] = useState(0);
  const [table, setTable] = useState(() => `${Object.keys(lab.hyperparameters).join(",")}\n`);
  const [search, setSearch] = useState(FIRST_PLAN);
  const kind = choice.kind ?? "grid";

  const take = (next: {
    kind?: typeof kind;
    held?: Hyperparameters;
    n?: number;
    seed?: number;
    table?: string;
    search?: typeof search;
  }) => {
    const chosen = { kind, held, n, seed, table, search, ...next };
    if (chosen.kind === "list") onChange({ kind: "list", combinations: parseCombinations(chosen.table) });
    else if (chosen.kind === "random")
      onChange({ kind: "random", hyperparameters: chosen.held, n: chosen.n, seed: chosen.seed });
    else if (chosen.kind === "search")
      onChange({ kind: "search", hyperparameters: chosen.held, search: chosen.search });
    else onChange({ kind: "grid", hyperparameters: chosen.held });
  };
  return (
    <Stack gap="md">
      <SegmentedControl
        aria-label={t("submit.kind")}
        value={kind}
        data={KINDS.map((value) => ({ value, label: t(`submit.kind.${value}`) }))}
        onChange={(next) => take({ kind: next })}
        style={{ alignSelf: "flex-start", maxWidth: "100%" }}
      />
      {kind !== "list" && (
        <HyperparameterEditor
          value={held}
          onChange={(next) => {
            setHeld(next);
            take({ held: next });
          }}
        />
      )}
      {kind === "search" && (
        <SearchFields
          project={project}
          mostTrials={MOST_JOBS}
          value={search}
          onChange={(next) => {
            setSearch(next);
            take({ search: next });
          }}
        />
      )}
      {kind === "random" && (
        <Group gap="md">
          <NumberInput
            label={t("submit.n")}
            min={1}
            max={MOST_JOBS}
            allowDecimal={false}
            clampBehavior="strict"
            w={140}
            value={n}
            onChange={(typed) => {
              if (typeof typed !== "number" || typed < 1) return;
              setN(typed);
              take({ n: typed });
            }}
          />
          <NumberInput
            label={t("submit.seed")}
            min={0}
            max={Number.MAX_SAFE_INTEGER}
            allowDecimal={false}
            w={180}
            value={seed}
            onChange={(typed) => {
              if (typeof typed !== "number") return;
              setSeed(typed);
              take({ seed: typed });
            }}
          />
        </Group>
      )}
      {kind === "list" && (
        <Textarea
          label={t("submit.list")}
          description={t("submit.listHint")}
          placeholder={"learning_rate,hidden\n0.01,32\n0.002,64"}
          classNames={{ input: "mono" }}
          autosize
          minRows={4}
          maxRows={12}
          value={table}
          onChange={({ currentTarget: { value } }) => {
            setTable(value);
            take({ table: value });
          }}
        />
      )}
    </Stack>
  );
}
