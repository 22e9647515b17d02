// One line of the tracks table: a track, the head of a group, or a grey one that is still on its way. Drawn anew only
// when what it shows has changed.
import { Skeleton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { TrackRow } from "@/api/listing";
import type { Scalar, TrackStatus } from "@/api/types";
import { formatValue } from "@/lib/format";
import { TableCell } from "./table-cell";
import type { Line } from "./table-rows";
import classes from "./track-table.module.css";

export const SELECT_WIDTH = 42;

export interface Placed {
  name: string;
  width: number;
  /** Where it stays at the left; only of pinned ones. */
  left?: number;
  index: number;
}

interface Props {
  index: number;
  line: Line;
  track: TrackRow | undefined;
  pinned: readonly Placed[];
  seen: readonly Placed[];
  isSelected: boolean;
  isActive: boolean;
  onActive: (index: number) => void;
  onToggle: (track: TrackRow, place: number, isRange: boolean) => void;
  /** The column by which lines stand together. */
  group: string | undefined;
  onToggleGroup: (at: number) => void;
  onTag: (tag: string) => void;
}

function LineOfTable(props: Props) {
  const { index, line, track, pinned, seen, isSelected, isActive } = props;
  const { t } = useTranslation();
  const row = {
    "data-line": index,
    "aria-rowindex": index + 2,
    tabIndex: isActive ? 0 : -1,
    onFocus: () => props.onActive(index),
  };
  if (line.kind === "group") {
    const Chevron = line.isOpen ? IconChevronDown : IconChevronRight;
    return (
      <tr {...row} className={classes.group}>
        <td colSpan={pinned.length + seen.length + 3}>
          <button
            type="button"
            className={classes.groupHead}
            aria-expanded={line.isOpen}
            onClick={() => props.onToggleGroup(line.at)}
          >
            <Chevron size={16} aria-hidden />
            <strong>{groupText(props.group, line.value, t)}</strong>
            <span className="dim">{t("projects.tracks", { count: line.nTracks })}</span>
          </button>
        </td>
      </tr>
    );
  }
  if (!track) {
    return (
      <tr {...row}>
        <td colSpan={pinned.length + seen.length + 3}>
          <Skeleton height={12} width="60%" />
        </td>
      </tr>
    );
  }
  const cell = (column: Placed) => (
    <td
      key={column.name}
      aria-colindex={column.index}
      className={column.left === undefined ? undefined : classes.pinned}
      style={column.left === undefined ? undefined : { left: column.left }}
    >
      <TableCell name={column.name} track={track} onTag={props.onTag} />
    </td>
  );
  return (
    <tr {...row} className={isSelected ? classes.selected : undefined}>
      <td className={classes.check} style={{ left: 0 }} aria-colindex={1}>
        <label className={classes.hit}>
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={t("tracks.select", { name: track.name })}
            checked={isSelected}
            onChange={(event) => {
              props.onToggle(track, line.place, (event.nativeEvent as MouseEvent).shiftKey === true);
              // The keys are the row's.
              event.currentTarget.closest("tr")?.focus({ preventScroll: true });
            }}
          />
        </label>
      </td>
      {pinned.map(cell)}
      <td className={classes.gap} />
      {seen.map(cell)}
      <td className={classes.gap} />
    </tr>
  );
}

function groupText(group: string | undefined, value: Scalar, t: TFunction): string {
  if (value === null) return t("tracks.noValue");
  // Words of the page where they are not the user's own.
  return group === "status" ? t(`status.${value as TrackStatus}`) : formatValue(value);
}

// `line` is made anew at each drawing; what is in it is compared.
export const TableLine = memo(LineOfTable, (before, after) =>
  (Object.keys(after) as (keyof Props)[]).every((name) =>
    name === "line" ? sameLine(before.line, after.line) : Object.is(before[name], after[name]),
  ),
);

const sameLine = (a: Line, b: Line) =>
  a.kind === "track"
    ? b.kind === "track" && a.place === b.place
    : b.kind === "group" &&
      a.at === b.at &&
      a.value === b.value &&
      a.nTracks === b.nTracks &&
      a.isOpen === b.isOpen;
