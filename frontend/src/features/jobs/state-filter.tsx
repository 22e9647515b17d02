// How many jobs stand where; each count shows only those.
import { UnstyledButton, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { JobState } from "@/api/jobs";
import { JOB_LOOK } from "@/components/job-state";
import { formatCount } from "@/lib/format";
import classes from "./state-filter.module.css";

export const STATES = Object.keys(JOB_LOOK) as JobState[];

interface Props {
  states: Readonly<Record<string, number>>;
  chosen: JobState | undefined;
  onChoose: (state: JobState | undefined) => void;
}

export function StateFilter({ states, chosen, onChoose }: Props) {
  const { t, i18n } = useTranslation();
  return (
    <fieldset className={classes.bar} aria-label={t("submission.filter")}>
      {STATES.filter((state) => states[state] || state === chosen).map((state) => {
        const { Icon, color } = JOB_LOOK[state];
        return (
          <UnstyledButton
            key={state}
            className={classes.one}
            aria-pressed={chosen === state}
            onClick={() => onChoose(chosen === state ? undefined : state)}
          >
            <Icon size={16} aria-hidden style={{ color }} />
            <span className="num">{formatCount(states[state] ?? 0, i18n.language)}</span>
            {t(`job.state.${state}`)}
          </UnstyledButton>
        );
      })}
    </fieldset>
  );
}

/** The same as one line that is as long as there are jobs. */
export function StateBar({ states }: { states: Readonly<Record<string, number>> }) {
  const { t } = useTranslation();
  const held = STATES.filter((state) => states[state]);
  const text = held.map((state) => `${states[state]} ${t(`job.state.${state}`)}`).join(", ");
  return (
    <div className={classes.line} role="img" aria-label={text} title={text}>
      {held.map((state) => (
        <span
          key={state}
          data-state={state}
          style={{ flexGrow: states[state], background: JOB_LOOK[state].color }}
        />
      ))}
    </div>
  );
}

/** "3 succeeded, 1 failed" in short: what somebody looks for in a list. */
export function StateCounts({ states }: { states: Readonly<Record<string, number>> }) {
  const { t } = useTranslation();
  return (
    <span className={classes.counts}>
      {STATES.filter((state) => states[state]).map((state) => {
        const { Icon, color } = JOB_LOOK[state];
        return (
          <span key={state} style={{ color }} title={t(`job.state.${state}`)}>
            <Icon size={15} aria-hidden />
            <span className="num">{states[state]}</span>
            <VisuallyHidden>{t(`job.state.${state}`)}</VisuallyHidden>
          </span>
        );
      })}
    </span>
  );
}
