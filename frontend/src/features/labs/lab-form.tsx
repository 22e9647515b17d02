// A lab to make or to change: name, code, command, hyperparameters, environment, variables, limits.
import { Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
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
import { DefinitionFields, DefinitionFoot, EMPTY_PLACE } from "@/components/definition/definition-fields";
import { Section } from "@/components/definition/section";
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
  ...EMPTY_PLACE,
};

export function LabForm({ project, lab, onSaved, onCancel }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState(lab?.name ?? "");
  const [definition, setDefinition] = useState<LabDefinition>(lab?.definition ?? EMPTY);
  const [hyperparameters, setHyperparameters] = useState<Hyperparameters>(lab?.hyperparameters ?? {});
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
        <DefinitionFields value={definition} onChange={change} />
        <DefinitionFoot
          save={save}
          action={lab ? t("app.save") : t("lab.create")}
          isComplete={isComplete}
          onCancel={onCancel}
        />
      </Stack>
    </form>
  );
}
