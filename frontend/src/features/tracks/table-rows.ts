// Which row stands at which place of the table, with and without groups; asks for the blocks that are seen. The rows of
// a group stand together because the server sorts by what is grouped first.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import {
  BLOCK_ROWS,
  groupsQuery,
  rowsQuery,
  type TableQuestion,
  type TrackGroup,
  type TrackRow,
  type TrackRows,
} from "@/api/listing";
import type { Scalar } from "@/api/types";

export type Line =
  | { kind: "track"; place: number }
  | { kind: "group"; at: number; value: Scalar; nTracks: number; isOpen: boolean };

/** Turns the lines of a grouped table into places of the server's list and back. Pure. */
export class GroupLayout {
  private readonly starts: number[] = [];
  private readonly places: number[] = [];
  readonly nLines: number;

  constructor(
    private readonly groups: readonly TrackGroup[],
    private readonly closed: ReadonlySet<number>,
  ) {
    let line = 0;
    let place = 0;
    for (const [at, group] of groups.entries()) {
      this.starts.push(line);
      this.places.push(place);
      line += 1 + (closed.has(at) ? 0 : group.n_tracks);
      place += group.n_tracks;
    }
    this.nLines = line;
  }

  line(index: number): Line {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    const start = this.starts[low] ?? 0;
    const group = this.groups[low];
    if (index === start && group) {
      return {
        kind: "group",
        at: low,
        value: group.value,
        nTracks: group.n_tracks,
        isOpen: !this.closed.has(low),
      };
    }
    return { kind: "track", place: (this.places[low] ?? 0) + index - start - 1 };
  }
}

export interface TableRows {
  total: number | undefined;
  nLines: number;
  line: (index: number) => Line;
  row: (place: number) => TrackRow | undefined;
  error: unknown;
  isFetching: boolean;
  retry: () => void;
  toggleGroup: (at: number) => void;
  /** The column that stands together, if any does. */
  group: string | undefined;
  /** Rows that are here, wherever they stand. */
  known: ReadonlyMap<string, TrackRow>;
}

export function useTableRows(
  project: string,
  question: TableQuestion,
  group: string | undefined,
  seen: { first: number; last: number },
  refetchInterval: number | false,
): TableRows {
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const groups = useQuery({
    ...groupsQuery(project, question.query, question.sort, group ?? ""),
    enabled: group !== undefined,
    refetchInterval,
  });
  const layout = useMemo(
    () => (group !== undefined && groups.data ? new GroupLayout(groups.data.items, closed) : null),
    [group, groups.data, closed],
  );
  const line = (index: number): Line => layout?.line(index) ?? { kind: "track", place: index };
  const places = [seen.first, seen.last].map((index) => {
    const found = line(index);
    return found.kind === "track" ? found.place : Math.max(0, placeBehind(line, index, seen.last));
  });
  const firstBlock = Math.floor((places[0] ?? 0) / BLOCK_ROWS);
  const lastBlock = Math.max(firstBlock, Math.floor((places[1] ?? 0) / BLOCK_ROWS));
  const blocks = Array.from(
    { length: Math.min(6, lastBlock - firstBlock + 1) },
    (_, index) => firstBlock + index,
  );
  const answers = useQueries({
    queries: blocks.map((block) => ({ ...rowsQuery(project, question, block), refetchInterval })),
  });
  // Until the first answer to another question, or when it is refused (mostly because it is being written), what was
  // there before stays.
  const before = useRef<{ project: string; blocks: Map<number, TrackRows> }>({ project, blocks: new Map() });
  if (before.current.project !== project) before.current = { project, blocks: new Map() };
  const fresh = new Map<number, TrackRows>();
  for (const [index, block] of blocks.entries()) {
    const answer = answers[index];
    if (answer?.data) fresh.set(block, answer.data);
  }
  if (fresh.size > 0) before.current.blocks = fresh;
  const of = before.current.blocks;
  const total = [...of.values()][0]?.total;
  const known = new Map<string, TrackRow>();
  for (const data of of.values()) for (const row of data.items) known.set(row.track_id, row);
  const toggleGroup = useCallback((at: number) => {
    setClosed((held) => {
      const next = new Set(held);
      if (!next.delete(at)) next.add(at);
      return next;
    });
  }, []);
  return {
    total,
    nLines: layout ? layout.nLines : (total ?? 0),
    line,
    row: (place) => of.get(Math.floor(place / BLOCK_ROWS))?.items[place % BLOCK_ROWS],
    error: answers.find((answer) => answer.error)?.error ?? groups.error,
    isFetching: answers.some((answer) => answer.isFetching),
    retry: () => {
      for (const answer of answers) void answer.refetch();
    },
    toggleGroup,
    group,
    known,
  };
}

function placeBehind(line: (index: number) => Line, from: number, to: number): number {
  for (let index = from; index <= to; index++) {
    const found = line(index);
    if (found.kind === "track") return found.place;
  }
  return 0;
}
