// A track's status.
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconPlayerPlay,
  IconPlayerStop,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Track } from "@/api/types";
import { JobStateLabel } from "./job-state";
import { StateLabel } from "./state-label";

const LOOK = {
  created: { Icon: IconCircleDashed, color: "var(--dim)" },
  running: { Icon: IconPlayerPlay, color: "var(--accent)" },
  finished: { Icon: IconCircleCheck, color: "var(--good)" },
  failed: { Icon: IconCircleX, color: "var(--danger)" },
  stopped: { Icon: IconPlayerStop, color: "var(--dim)" },
  silent: { Icon: IconAlertTriangle, color: "var(--warn)" },
} as const;

/** States of a job that say more than the status of its track. */
const MORE: readonly unknown[] = ["queued", "starting", "stopping", "lost"];

interface Props {
  track: Pick<Track, "status" | "has_signal"> & { job_state?: Track["job_state"] };
}

export function StatusLabel({ track }: Props) {
  const { t } = useTranslation();
  if (track.job_state && MORE.includes(track.job_state)) return <JobStateLabel state={track.job_state} />;
  const state = track.status === "running" && !track.has_signal ? "silent" : track.status;
  return <StateLabel look={LOOK[state]}>{t(`status.${state}`)}</StateLabel>;
}
