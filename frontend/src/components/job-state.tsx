// A job's state: icon and word, never colour alone.
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconHourglass,
  IconLoader,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlugConnectedX,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { JobState } from "@/api/jobs";

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

export function JobStateLabel({ state }: { state: JobState }) {
  const { t } = useTranslation();
  const { Icon, color } = JOB_LOOK[state];
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 6, color, whiteSpace: "nowrap" }}>
      <Icon size={16} aria-hidden />
      {t(`job.state.${state}`)}
    </span>
  );
}
