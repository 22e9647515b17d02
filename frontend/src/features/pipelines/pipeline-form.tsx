// A pipeline to make or to change: name, actions in their order, and what they run in.
import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { jobRulesQuery } from "@/api/jobs";
import {
  changePipeline,
  createPipeline,
  type Pipeline,
  type PipelineDefinition,
  pipelineQuery,
} from "@/api/pipelines";
import { CodeFields } from "@/components/definition/code-fields";
import classes from "@/components/definition/definition.module.css";
import { EnvironmentFields, LimitFields } from "@/components/definition/limit-fields";
import { EMPTY_POD, hasPods, PodFields } from "@/components/definition/pod-fields";
import { Section } from "@/components/definition/section";
import { VariablesFields } from "@/components/definition/variables-fields";
import { errorText } from "@/components/error-panel";
import { ActionListEditor } from "./action-list-editor";
import { emptyAction, isActionComplete, type KeyedAction } from "./actions";

interface Props {
  project: string;
  pipeline?: Pipeline;
  onSaved: (pipeline: Pipeline) => void;
  onCancel: () => void;
}

const EMPTY: PipelineDefinition = {
  code: null,
  actions: [emptyAction("command")],
  environment: { python: "", requirements: "", pod: EMPTY_POD },
  variables: {},
  limits: { memory_mb: 0, cpu_s: 0, grace_s: 15 },
};

export function PipelineForm({ project, pipeline, onSaved, onCancel }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const start = pipeline?.definition ?? EMPTY;
  const [name, setName] = useState(pipeline?.name ?? "");
  const [definition, setDefinition] = useState(start);
  const [actions, setActions] = useState<readonly KeyedAction[]>(() =>
    start.actions.map((action, key) => ({ key, action })),
  );
  const rules = useQuery(jobRulesQuery);
  const change = (part: Partial<PipelineDefinition>) => setDefinition((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: () => {
      const body = { name, definition: { ...definition, actions: actions.map(({ action }) => action) } };
      return pipeline ? changePipeline(pipeline.pipeline_id, body) : createPipeline(project, body);
    },
    onSuccess: (saved) => {
      queryClient.setQueryData(pipelineQuery(saved.pipeline_id).queryKey, saved);
      void queryClient.invalidateQueries({ queryKey: ["pipelines"] });
      onSaved(saved);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const isComplete =
    name.trim() !== "" && actions.length > 0 && actions.every(({ action }) => isActionComplete(action));
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Section title={t("pipeline.about")}>
          <TextInput
            label={t("pipeline.name")}
            placeholder="nightly-release"
            required
            maxLength={200}
            maw={420}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
        </Section>
        <Section title={t("pipeline.actions")} text={t("pipeline.actionsLead")}>
          <ActionListEditor actions={actions} onChange={setActions} />
        </Section>
        <Section title={t("definition.code")} text={t("pipeline.codeLead")}>
          <CodeFields
            project={project}
            code={definition.code ?? null}
            kinds={["none", "folder", "git"]}
            onChange={(code) => change({ code })}
          />
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
            {pipeline ? t("app.save") : t("pipeline.create")}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
