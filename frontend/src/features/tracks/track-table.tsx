// Tracks as a table: select, sort by header, status with icon and word.
import { Badge, Checkbox, Group } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Track } from "@/api/types";
import { StatusLabel } from "@/components/status-label";
import { formatAgo, formatDate, formatDuration, trackSeconds } from "@/lib/format";
import classes from "./track-table.module.css";

interface Props {
  tracks: readonly Track[];
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  sort: string;
  onSort: (sort: string) => void;
  onTag: (tag: string) => void;
}

export function TrackTable({ tracks, selected, onSelect, sort, onSort, onTag }: Props) {
  const { t } = useTranslation();
  const nSelected = tracks.filter((track) => selected.has(track.track_id)).length;
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  const header = (field: string, label: string, className?: string) => (
    <SortHeader field={field} label={label} sort={sort} onSort={onSort} className={className} />
  );
  return (
    <div className="card scroll-x">
      <table className="rows">
        <thead>
          <tr>
            <th className={classes.check}>
              <Checkbox
                aria-label={t("tracks.selectAll")}
                checked={tracks.length > 0 && nSelected === tracks.length}
                indeterminate={nSelected > 0 && nSelected < tracks.length}
                onChange={(event) =>
                  onSelect(new Set(event.currentTarget.checked ? tracks.map((track) => track.track_id) : []))
                }
              />
            </th>
            {header("number", t("tracks.number"), "phone-hidden")}
            {header("name", t("tracks.name"))}
            <th>{t("tracks.status")}</th>
            <th className="phone-hidden">{t("tracks.tags")}</th>
            {header("created_at", t("tracks.created"), "phone-hidden")}
            <th className={`phone-hidden ${classes.right}`}>{t("tracks.duration")}</th>
          </tr>
        </thead>
        <tbody>
          {tracks.map((track) => (
            <TrackRow
              key={track.track_id}
              track={track}
              isSelected={selected.has(track.track_id)}
              onToggle={() => toggle(track.track_id)}
              onTag={onTag}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  track: Track;
  isSelected: boolean;
  onToggle: () => void;
  onTag: (tag: string) => void;
}

function TrackRow({ track, isSelected, onToggle, onTag }: RowProps) {
  const { t, i18n } = useTranslation();
  const end = track.ended_at ?? (track.status === "running" && track.has_signal ? null : track.last_seen_at);
  return (
    <tr className={isSelected ? classes.selected : undefined}>
      <td className={classes.check}>
        <Checkbox
          aria-label={t("tracks.select", { name: track.name })}
          checked={isSelected}
          onChange={onToggle}
        />
      </td>
      <td className="num dim phone-hidden">{track.number}</td>
      <td className={classes.name}>
        <Link to="/t/$track" params={{ track: track.track_id }}>
          {track.name}
        </Link>
      </td>
      <td>
        <StatusLabel track={track} />
      </td>
      <td className="phone-hidden">
        <Group gap={4}>
          {track.tags.map((tag) => (
            <Badge key={tag} component="button" onClick={() => onTag(tag)} className={classes.tag}>
              {tag}
            </Badge>
          ))}
        </Group>
      </td>
      <td className="phone-hidden num" title={formatDate(track.created_at, i18n.language)}>
        {formatAgo(track.created_at, i18n.language)}
      </td>
      <td className={`phone-hidden num ${classes.right}`}>
        {formatDuration(trackSeconds(track.started_at ?? track.created_at, end))}
      </td>
    </tr>
  );
}

interface SortProps {
  field: string;
  label: string;
  sort: string;
  onSort: (sort: string) => void;
  className?: string;
}

function SortHeader({ field, label, sort, onSort, className }: SortProps) {
  const direction = sort === field ? "ascending" : sort === `-${field}` ? "descending" : "none";
  return (
    <th aria-sort={direction} className={className}>
      <button
        type="button"
        className="sort"
        onClick={() => onSort(sort === `-${field}` ? field : `-${field}`)}
      >
        {label}
        {direction === "ascending" && <IconArrowUp size={14} aria-hidden />}
        {direction === "descending" && <IconArrowDown size={14} aria-hidden />}
      </button>
    </th>
  );
}
