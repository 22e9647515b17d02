// What stands in one cell of the tracks table.
import { Badge } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { TrackRow } from "@/api/listing";
import { StatusLabel } from "@/components/status-label";
import { formatAgo, formatDate, formatDuration, formatShort, trackSeconds } from "@/lib/format";
import { trackColour } from "@/lib/palette";
import { isOwn, type OwnColumn } from "./columns";
import classes from "./track-table.module.css";

interface Props {
  name: string;
  track: TrackRow;
  onTag: (tag: string) => void;
}

const MOMENTS = {
  created: "created_at",
  started: "started_at",
  ended: "ended_at",
  seen: "last_seen_at",
} as const;

export function TableCell({ name, track, onTag }: Props) {
  if (isOwn(name)) return <OwnCell name={name} track={track} onTag={onTag} />;
  const value = track.values[name];
  if (value === undefined) return <div className={classes.none}>–</div>;
  const text = formatShort(value);
  const isText = typeof value === "string" && !["NaN", "Infinity", "-Infinity"].includes(value);
  return (
    <div className={isText ? "cut" : classes.number} title={typeof value === "number" ? String(value) : text}>
      {text}
    </div>
  );
}

function OwnCell({ name, track, onTag }: Props & { name: OwnColumn }) {
  const { i18n } = useTranslation();
  switch (name) {
    case "name":
      return (
        <div className={classes.name}>
          <span className={classes.dot} style={{ background: trackColour(track.number) }} aria-hidden />
          <Link
            to="/t/$track"
            params={{ track: track.track_id }}
            title={track.name}
            className="cut"
            preload={false}
          >
            {track.name}
          </Link>
        </div>
      );
    case "status":
      return <StatusLabel track={track} />;
    case "tag":
      return (
        <div className={classes.tags} title={track.tags.join(", ")}>
          {track.tags.map((tag) => (
            <Badge
              key={tag}
              component="button"
              type="button"
              tabIndex={-1}
              onClick={() => onTag(tag)}
              className={classes.tag}
            >
              {tag}
            </Badge>
          ))}
        </div>
      );
    case "duration": {
      const end =
        track.ended_at ?? (track.status === "running" && track.has_signal ? null : track.last_seen_at);
      const seconds = trackSeconds(
        track.started_at ?? track.created_at,
        end ?? (track.status === "created" ? track.created_at : null),
      );
      return (
        <div className={classes.number}>{track.status === "created" ? "–" : formatDuration(seconds)}</div>
      );
    }
    case "number":
      return <div className={classes.number}>{track.number}</div>;
    case "by":
      return <div className="cut">{track.created_by}</div>;
    case "origin":
      return <div className="cut">{track.origin}</div>;
    case "notes":
      return (
        <div className="cut" title={track.notes}>
          {track.notes}
        </div>
      );
    case "id":
      return <div className="cut mono">{track.track_id}</div>;
    default: {
      const when = track[MOMENTS[name]];
      return when ? (
        <div className="cut num" title={formatDate(when, i18n.language)}>
          {formatAgo(when, i18n.language)}
        </div>
      ) : (
        <div className={classes.none}>–</div>
      );
    }
  }
}
