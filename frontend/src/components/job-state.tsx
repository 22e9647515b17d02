// A job's state.
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconHourglass,
  IconLoader,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlugConnectedX,
  IconScissors,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { JobState } from "@/api/jobs";
import { StateLabel } from "./state-label";

export const JOB_LOOK = {
  queued: { Icon: IconHourglass, color: "var(--dim)" },
  starting: { Icon: IconLoader, color: "var(--accent)" },
  running: { Icon: IconPlayerPlay, color: "var(--accent)" },
  stopping: { Icon: IconAlertTriangle, color: "var(--warn)" },
  succeeded: { Icon: IconCircleCheck, color: "var(--good)" },
  failed: { Icon: IconCircleX, color: "var(--danger)" },
  stopped: { Icon: IconPlayerStop, color: "var(--dim)" },
  lost: { Icon: IconPlugConnectedX, color: "var(--danger)" },
} as const;

const PRUNED_LOOK = { Icon: IconScissors, color: "var(--warn)" } as const;

/** Of a job that a search stopped because others were better. */
export function PrunedLabel() {
  const { t } = useTranslation();
  return <StateLabel look={PRUNED_LOOK}>{t("search.pruned")}</StateLabel>;
}

export function JobStateLabel({ state }: { state: JobState }) {
  const { t } = useTranslation();
  return <StateLabel look={JOB_LOOK[state]}>{t(`job.state.${state}`)}</StateLabel>;
}
