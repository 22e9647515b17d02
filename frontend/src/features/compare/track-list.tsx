// The compared tracks: colour, name, shown or not, removed.
import { ActionIcon } from "@mantine/core";
import { IconEye, IconEyeOff, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { TrackRow } from "@/api/listing";
import { trackColour, trackDash } from "@/lib/palette";
import classes from "./compare.module.css";

interface Props {
  tracks: readonly TrackRow[];
  looks: ReadonlyMap<string, { colour: number; round: number }>;
  hidden: ReadonlySet<string>;
  onHide: (id: string) => void;
  onRemove: (id: string) => void;
}

// A hundred rows are not drawn again because a chart has another axis.
export const TrackList = memo(function TrackList({ tracks, looks, hidden, onHide, onRemove }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.list}>
      {tracks.map((track) => {
        const look = looks.get(track.track_id);
        const isHidden = hidden.has(track.track_id);
        const Eye = isHidden ? IconEyeOff : IconEye;
        return (
          <div key={track.track_id} className={classes.listRow} data-hidden={isHidden}>
            <svg width={22} height={10} aria-hidden style={{ flex: "none" }}>
              <line
                x1={1}
                x2={21}
                y1={5}
                y2={5}
                strokeWidth={3}
                stroke={trackColour(look?.colour ?? 0)}
                strokeDasharray={trackDash((look?.round ?? 0) * 10)?.join(" ")}
              />
            </svg>
            <Link to="/t/$track" params={{ track: track.track_id }} className="cut" title={track.name}>
              {track.name}
            </Link>
            <ActionIcon
              size={24}
              aria-pressed={!isHidden}
              aria-label={t("compare.show", { name: track.name })}
              onClick={() => onHide(track.track_id)}
            >
              <Eye size={15} />
            </ActionIcon>
            <ActionIcon
              size={24}
              aria-label={t("compare.remove", { name: track.name })}
              onClick={() => onRemove(track.track_id)}
            >
              <IconX size={15} />
            </ActionIcon>
          </div>
        );
      })}
    </div>
  );
});
