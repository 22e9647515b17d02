// A pipeline to make or to change: name, actions in their order, and what they run in.
import { Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  changePipeline,
  createPipeline,
  type Pipeline,
  type PipelineDefinition,
  pipelineQuery,
} from "@/api/pipelines";
import { CodeFields } from "@/components/definition/code-fields";
import { DefinitionFields, DefinitionFoot, EMPTY_PLACE } from "@/components/definition/definition-fields";
import { Section } from "@/components/definition/section";
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
  ...EMPTY_PLACE,
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
        <DefinitionFields value={definition} onChange={change} />
        <DefinitionFoot
          save={save}
          action={pipeline ? t("app.save") : t("pipeline.create")}
          isComplete={isComplete}
          onCancel={onCancel}
        />
      </Stack>
    </form>
  );
}
