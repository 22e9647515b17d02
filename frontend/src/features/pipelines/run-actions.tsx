// How far the actions of a run are, each with its output below it.
import {
  IconAlertTriangle,
  IconChevronDown,
  IconChevronRight,
  IconCircle,
  IconCircleCheck,
  IconCircleX,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconPlayerStop,
} from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ActionStatus, RunDetail } from "@/api/pipelines";
import { formatDuration, trackSeconds } from "@/lib/format";
import { useNow } from "@/lib/use-now";
import classes from "./pipelines.module.css";

const LOOK = {
  waiting: { Icon: IconCircle, color: "var(--dim)" },
  running: { Icon: IconPlayerPlay, color: "var(--accent)" },
  succeeded: { Icon: IconCircleCheck, color: "var(--good)" },
  failed: { Icon: IconCircleX, color: "var(--danger)" },
  stopped: { Icon: IconPlayerStop, color: "var(--dim)" },
  lost: { Icon: IconAlertTriangle, color: "var(--danger)" },
  skipped: { Icon: IconPlayerSkipForward, color: "var(--dim)" },
} as const;

interface Props {
  run: RunDetail;
  output: (action: ActionStatus) => ReactNode;
}

export function RunActions({ run, output }: Props) {
  const { t } = useTranslation();
  // What somebody opened or closed stays so; else the one at work, or the one that failed, shows its output.
  const [chosen, setChosen] = useState<Readonly<Record<number, boolean>>>({});
  const working = run.actions.find((action) => action.state === "running" || action.state === "failed");
  const last = run.actions.findLast((action) => action.started_at !== null);
  const open = (working ?? last)?.position;
  return (
    <ol className={classes.steps} aria-label={t("pipeline.actions")}>
      {run.actions.map((action) => {
        const isOpen = chosen[action.position] ?? action.position === open;
        const hasOutput = action.state !== "waiting" && action.state !== "skipped";
        return (
          <li key={action.position} data-state={action.state}>
            <ActionLine
              action={action}
              isOpen={isOpen && hasOutput}
              onToggle={
                hasOutput
                  ? () => setChosen((before) => ({ ...before, [action.position]: !isOpen }))
                  : undefined
              }
            />
            {isOpen && hasOutput && <div className={classes.output}>{output(action)}</div>}
          </li>
        );
      })}
    </ol>
  );
}

interface LineProps {
  action: ActionStatus;
  isOpen: boolean;
  onToggle: (() => void) | undefined;
}

function ActionLine({ action, isOpen, onToggle }: LineProps) {
  const { t } = useTranslation();
  const { Icon, color } = LOOK[action.state];
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <button
      type="button"
      className={classes.step}
      aria-expanded={onToggle ? isOpen : undefined}
      disabled={!onToggle}
      onClick={onToggle}
    >
      <Icon size={20} aria-hidden style={{ color, flex: "none" }} />
      <span className="num dim">{action.position}</span>
      <span className={classes.stepName} title={action.name}>
        {action.name}
      </span>
      <span style={{ flex: 1 }} />
      {action.note && <span className={classes.note}>{action.note}</span>}
      {action.exit_code !== null && action.exit_code !== 0 && (
        <span className="num" style={{ color: "var(--danger)" }}>
          {t("action.exit", { code: action.exit_code })}
        </span>
      )}
      <span style={{ color }} className={classes.stepState}>
        {t(`action.state.${action.state}`)}
      </span>
      <span className={`num dim phone-hidden ${classes.time}`}>
        <ActionTime action={action} />
      </span>
      <Chevron size={16} aria-hidden style={{ visibility: onToggle ? undefined : "hidden", flex: "none" }} />
    </button>
  );
}

function ActionTime({ action }: { action: ActionStatus }) {
  const isGoing = action.state === "running";
  const now = useNow(isGoing);
  if (!action.started_at) return null;
  const seconds = trackSeconds(action.started_at, action.ended_at, now);
  return <>{formatDuration(isGoing ? Math.floor(seconds) : seconds)}</>;
}
