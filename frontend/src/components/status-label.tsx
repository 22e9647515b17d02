// A track's status: icon and word, never colour alone.
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

const LOOK = {
  created: { Icon: IconCircleDashed, color: "var(--dim)" },
  running: { Icon: IconPlayerPlay, color: "var(--accent)" },
  finished: { Icon: IconCircleCheck, color: "var(--good)" },
  failed: { Icon: IconCircleX, color: "var(--danger)" },
  stopped: { Icon: IconPlayerStop, color: "var(--dim)" },
  silent: { Icon: IconAlertTriangle, color: "var(--warn)" },
} as const;

export function StatusLabel({ track }: { track: Pick<Track, "status" | "has_signal"> }) {
  const { t } = useTranslation();
  const state = track.status === "running" && !track.has_signal ? "silent" : track.status;
  const { Icon, color } = LOOK[state];
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 6, color, whiteSpace: "nowrap" }}>
      <Icon size={16} aria-hidden />
      {t(`status.${state}`)}
    </span>
  );
}
