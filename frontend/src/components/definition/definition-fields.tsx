// What the definitions of labs and pipelines have in common: what their jobs run in, and the foot of their forms.
import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { jobRulesQuery } from "@/api/jobs";
import type { LabDefinition } from "@/api/labs";
import { errorText } from "@/components/error-panel";
import classes from "./definition.module.css";
import { EnvironmentFields, LimitFields } from "./limit-fields";
import { EMPTY_POD, hasPods, PodFields } from "./pod-fields";
import { Section } from "./section";
import { VariablesFields } from "./variables-fields";

type Place = Pick<LabDefinition, "environment" | "variables" | "limits">;

export const EMPTY_PLACE: Place = {
  environment: { python: "", requirements: "", pod: EMPTY_POD },
  variables: {},
  limits: { memory_mb: 0, cpu_s: 0, grace_s: 15 },
};

interface Props {
  value: Place;
  onChange: (part: Partial<Place>) => void;
}

export function DefinitionFields({ value: { environment, variables, limits }, onChange }: Props) {
  const { t } = useTranslation();
  const rules = useQuery(jobRulesQuery);
  return (
    <>
      <Section title={t("definition.environment")}>
        <EnvironmentFields value={environment} onChange={(changed) => onChange({ environment: changed })} />
      </Section>
      {hasPods(rules.data, environment.pod) && (
        <Section title={t("pod.title")} text={t("pod.lead")}>
          <PodFields
            value={environment.pod}
            onChange={(pod) => onChange({ environment: { ...environment, pod } })}
          />
        </Section>
      )}
      <Section title={t("definition.variables")} text={t("definition.variablesLead")}>
        <VariablesFields value={variables} onChange={(changed) => onChange({ variables: changed })} />
      </Section>
      <Section title={t("definition.limits")} text={t("definition.limitsLead")}>
        <LimitFields value={limits} onChange={(changed) => onChange({ limits: changed })} />
      </Section>
    </>
  );
}

interface FootProps {
  save: { isError: boolean; error: unknown; isPending: boolean };
  /** The word on the button. */
  action: string;
  isComplete: boolean;
  onCancel: () => void;
}

export function DefinitionFoot({ save, action, isComplete, onCancel }: FootProps) {
  const { t } = useTranslation();
  return (
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
        {action}
      </Button>
    </div>
  );
}
