// The tracks as a table that draws only what is seen, in both directions: a real table for screen readers, with pinned
// columns, groups, a selection and the keys of a list.
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type UIEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TrackRow } from "@/api/listing";
import type { SortKey } from "@/lib/tracks-state";
import { type ColumnLook, widthOf } from "./columns";
import { type HeadActions, HeadCell } from "./head-cell";
import { type Placed, SELECT_WIDTH, TableLine } from "./table-line";
import type { TableRows } from "./table-rows";
import classes from "./track-table.module.css";

export const ROW_HEIGHT = 36;
// Columns beside the view that are drawn too, so that scrolling shows no gap.
const SPARE_PX = 300;

interface Props {
  columns: readonly string[];
  look: ColumnLook;
  rows: TableRows;
  sort: readonly SortKey[];
  selected: ReadonlySet<string>;
  allSelected: "all" | "some" | "none";
  onSelectAll: () => void;
  onToggle: (track: TrackRow, place: number, isRange: boolean) => void;
  onTag: (tag: string) => void;
  onSeen: (first: number, last: number) => void;
  head: HeadActions;
  /** Columns whose cells are numbers. */
  numbers: ReadonlySet<string>;
  /** The column somebody just chose: the table goes there, it may be drawn far to the right. */
  chosen?: string;
}

export function TrackTable(props: Props) {
  const { columns, look, rows, selected, chosen, onSeen, onToggle } = props;
  const { t } = useTranslation();
  const navigate = useNavigate();
  const scroll = useRef<HTMLDivElement>(null);
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const ref = useMergedRef(sizeRef, scroll);
  const [left, setLeft] = useState(0);
  const [active, setActive] = useState(0);
  const virtual = useVirtualizer({
    count: rows.nLines,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    // The head covers the first row otherwise when a key leads there.
    scrollPaddingStart: 40,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => onSeen(first, last), [onSeen, first, last]);
  const placed = useMemo(() => placeColumns(columns, look, left, width), [columns, look, left, width]);
  const edge = chosen === undefined ? undefined : placed.edges.get(chosen);
  useEffect(() => {
    const box = scroll.current;
    if (box && edge !== undefined && edge > box.scrollLeft + box.clientWidth)
      box.scrollLeft = edge - box.clientWidth;
  }, [edge]);

  const move = (index: number) => {
    const next = Math.max(0, Math.min(rows.nLines - 1, index));
    setActive(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() =>
      scroll.current?.querySelector<HTMLElement>(`[data-line="${next}"]`)?.focus({ preventScroll: true }),
    );
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (!(event.target instanceof HTMLTableRowElement) || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 400) / ROW_HEIGHT) - 2);
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.nLines - 1,
    };
    const to = steps[event.key];
    const line = rows.line(active);
    const track = line.kind === "track" ? rows.row(line.place) : undefined;
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && line.kind === "group") rows.toggleGroup(line.at);
    else if (event.key === "Enter" && track)
      void navigate({ to: "/t/$track", params: { track: track.track_id } });
    else if ((event.key === " " || event.key.toLowerCase() === "x") && track && line.kind === "track")
      onToggle(track, line.place, event.shiftKey);
    else return;
    event.preventDefault();
  };
  const onScroll = (event: UIEvent<HTMLDivElement>) => {
    // Only steps matter: every pixel would draw all rows anew.
    const step = Math.floor(event.currentTarget.scrollLeft / 100) * 100;
    if (step !== left) setLeft(step);
  };
  const above = items[0]?.start ?? 0;
  const below = Math.max(0, virtual.getTotalSize() - (items[items.length - 1]?.end ?? 0));
  return (
    <div ref={ref} className={classes.scroll} onScroll={onScroll} data-testid="tracks">
      <table
        className={classes.table}
        style={{ width: placed.total }}
        aria-label={t("tracks.table")}
        aria-rowcount={rows.nLines + 1}
        aria-colcount={columns.length + 1}
        onKeyDown={onKeyDown}
      >
        <colgroup>
          <col style={{ width: SELECT_WIDTH }} />
          {placed.pinned.map((column) => (
            <col key={column.name} style={{ width: column.width }} />
          ))}
          <col style={{ width: placed.before }} />
          {placed.seen.map((column) => (
            <col key={column.name} style={{ width: column.width }} />
          ))}
          <col />
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th className={classes.check} style={{ left: 0 }}>
              <label className={classes.hit}>
                <input
                  type="checkbox"
                  aria-label={t("tracks.selectAll")}
                  checked={props.allSelected === "all"}
                  ref={(box) => {
                    if (box) box.indeterminate = props.allSelected === "some";
                  }}
                  onChange={props.onSelectAll}
                />
              </label>
            </th>
            {placed.pinned.map((column) => (
              <HeadCell
                key={column.name}
                column={column}
                sort={props.sort}
                isNumber={props.numbers.has(column.name)}
                {...props.head}
              />
            ))}
            <td className={classes.gap} />
            {placed.seen.map((column) => (
              <HeadCell
                key={column.name}
                column={column}
                sort={props.sort}
                isNumber={props.numbers.has(column.name)}
                {...props.head}
              />
            ))}
            <td className={classes.gap} />
          </tr>
        </thead>
        <tbody>
          {above > 0 && (
            <tr aria-hidden style={{ height: above }}>
              <td colSpan={placed.pinned.length + placed.seen.length + 3} className={classes.gap} />
            </tr>
          )}
          {items.map(({ index }) => {
            const line = rows.line(index);
            const track = line.kind === "track" ? rows.row(line.place) : undefined;
            return (
              <TableLine
                key={track?.track_id ?? (line.kind === "group" ? `group-${line.at}` : `empty-${index}`)}
                index={index}
                line={line}
                track={track}
                pinned={placed.pinned}
                seen={placed.seen}
                isSelected={track !== undefined && selected.has(track.track_id)}
                isActive={index === active}
                onActive={setActive}
                onToggle={onToggle}
                group={rows.group}
                onToggleGroup={rows.toggleGroup}
                onTag={props.onTag}
              />
            );
          })}
          {below > 0 && (
            <tr aria-hidden style={{ height: below }}>
              <td colSpan={placed.pinned.length + placed.seen.length + 3} className={classes.gap} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

/** Which columns are seen, how wide the gap before them is, and where each column ends. Pure. */
function placeColumns(columns: readonly string[], look: ColumnLook, left: number, width: number) {
  const isNarrow = width > 0 && width < 640;
  const pinned: Placed[] = [];
  const seen: Placed[] = [];
  const edges = new Map<string, number>();
  let before = 0;
  let at = SELECT_WIDTH;
  let pinnedWidth = SELECT_WIDTH;
  const nPinned = isNarrow ? 0 : look.nPinned;
  for (const [index, name] of columns.entries()) {
    const wide = isNarrow ? Math.min(widthOf(look, name), 170) : widthOf(look, name);
    if (index < nPinned) {
      pinned.push({ name, width: wide, left: at, index: index + 2 });
      pinnedWidth += wide;
    } else if (at + wide < left + pinnedWidth - SPARE_PX) {
      before += wide;
    } else if (at < left + width + SPARE_PX + 100 || width === 0) {
      seen.push({ name, width: wide, index: index + 2 });
    }
    at += wide;
    edges.set(name, at);
  }
  return { pinned, seen, before, edges, total: Math.max(at, width) };
}
