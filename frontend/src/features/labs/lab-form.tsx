// A lab to make or to change: name, code, command, hyperparameters, environment, variables, limits.
import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { jobRulesQuery } from "@/api/jobs";
import {
  changeLab,
  createLab,
  type Hyperparameters,
  type Lab,
  type LabDefinition,
  labQuery,
} from "@/api/labs";
import { CodeFields } from "@/components/definition/code-fields";
import { CommandFields } from "@/components/definition/command-fields";
import classes from "@/components/definition/definition.module.css";
import { EnvironmentFields, LimitFields } from "@/components/definition/limit-fields";
import { EMPTY_POD, hasPods, PodFields } from "@/components/definition/pod-fields";
import { Section } from "@/components/definition/section";
import { VariablesFields } from "@/components/definition/variables-fields";
import { errorText } from "@/components/error-panel";
import { HyperparameterEditor } from "./hyperparameter-editor";

interface Props {
  project: string;
  lab?: Lab;
  onSaved: (lab: Lab) => void;
  onCancel: () => void;
}

const EMPTY: LabDefinition = {
  code: { kind: "folder", path: "" },
  command: [],
  uses_shell: false,
  environment: { python: "", requirements: "", pod: EMPTY_POD },
  variables: {},
  limits: { memory_mb: 0, cpu_s: 0, grace_s: 15 },
};

export function LabForm({ project, lab, onSaved, onCancel }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState(lab?.name ?? "");
  const [definition, setDefinition] = useState<LabDefinition>(lab?.definition ?? EMPTY);
  const [hyperparameters, setHyperparameters] = useState<Hyperparameters>(lab?.hyperparameters ?? {});
  const rules = useQuery(jobRulesQuery);
  const change = (part: Partial<LabDefinition>) => setDefinition((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: () => {
      const body = { name, definition, hyperparameters };
      return lab ? changeLab(lab.lab_id, body) : createLab(project, body);
    },
    onSuccess: (saved) => {
      queryClient.setQueryData(labQuery(saved.lab_id).queryKey, saved);
      void queryClient.invalidateQueries({ queryKey: ["labs"] });
      onSaved(saved);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const isComplete = name.trim() !== "" && definition.command.some((word) => word.trim() !== "");
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Section title={t("lab.about")}>
          <TextInput
            label={t("lab.name")}
            placeholder="digits"
            required
            maxLength={200}
            maw={420}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
        </Section>
        <Section title={t("definition.code")} text={t("definition.codeLead")}>
          <CodeFields
            project={project}
            code={definition.code}
            kinds={["folder", "archive", "git"]}
            onChange={(code) => code && change({ code })}
          />
        </Section>
        <Section title={t("definition.command")}>
          <CommandFields value={definition} onChange={change} />
        </Section>
        <Section title={t("hyper.title")} text={t("hyper.lead")}>
          <HyperparameterEditor value={hyperparameters} onChange={setHyperparameters} />
        </Section>
        <Section title={t("definition.environment")}>
          <EnvironmentFields
            value={definition.environment}
            onChange={(environment) => change({ environment })}
          />
        </Section>
        {hasPods(rules.data, definition.environment.pod) && (
          <Section title={t("pod.title")} text={t("pod.lead")}>
            <PodFields
              value={definition.environment.pod}
              onChange={(pod) => change({ environment: { ...definition.environment, pod } })}
            />
          </Section>
        )}
        <Section title={t("definition.variables")} text={t("definition.variablesLead")}>
          <VariablesFields value={definition.variables} onChange={(variables) => change({ variables })} />
        </Section>
        <Section title={t("definition.limits")} text={t("definition.limitsLead")}>
          <LimitFields value={definition.limits} onChange={(limits) => change({ limits })} />
        </Section>
        <div className={classes.foot}>
          {save.isError && (
            <Text c="var(--danger)" size="sm" role="alert">
              {errorText(save.error)}
            </Text>
          )}
          <Button variant="default" onClick={onCancel}>
            {t("app.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!isComplete}>
            {lab ? t("app.save") : t("lab.create")}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
