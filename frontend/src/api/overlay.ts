// Metrics of many tracks over each other, every line on one grid.
import { decode } from "@msgpack/msgpack";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { requestPacked } from "./client";
import type { components } from "./schema.gen";
import { askTogether } from "./together";
import type { XKind } from "./types";

export interface OverlayLine extends Omit<components["schemas"]["OverlayLine"], "mean"> {
  /** Of each column of the grid; null where it is empty. */
  mean: readonly (number | null)[];
}
export interface Overlay {
  x: XKind;
  /** The middles of the columns. */
  at: readonly number[];
  lines: readonly OverlayLine[];
}

export interface OverlayQuestion {
  project: string;
  track_ids: readonly string[];
  key: string;
  x: XKind;
  lo?: number;
  hi?: number;
  buckets: number;
}

// The server answers so many lines at once; and the first charts should not wait for the twentieth.
const MOST_LINES = 2000;
const MOST_KEYS = 8;
// A change is told by the server; without that, a look at another axis and back asks nothing.
const FRESH_MS = 10_000;

/** An answer as it comes: `at` float64, each `mean` float32, as they lie in memory. */
export interface PackedOverlay {
  x: XKind;
  at: Uint8Array;
  lines: (Omit<OverlayLine, "mean"> & { mean: Uint8Array })[];
}

const askOverlay = askTogether<OverlayQuestion, Overlay>(
  ({ key: _, ...others }) => JSON.stringify(others),
  ({ track_ids }) => Math.min(MOST_KEYS, Math.floor(MOST_LINES / Math.max(1, track_ids.length))),
  async (questions, signal) => {
    const [{ project, track_ids, x, lo, hi, buckets }] = questions as [OverlayQuestion];
    const keys = questions.map(({ key }) => key);
    const bytes = await requestPacked(`projects/${encodeURIComponent(project)}/overlay`, {
      method: "POST",
      body: { track_ids, keys, x, from: lo, to: hi, buckets },
      signal,
    });
    return unpackOverlays(decode(bytes) as PackedOverlay, keys);
  },
);

/** Of an answer with lines of several keys, each key's. */
export function unpackOverlays({ x, at, lines }: PackedOverlay, keys: readonly string[]): Overlay[] {
  const places = Array.from(new Float64Array(aligned(at)));
  const byKey = new Map<string, OverlayLine[]>(keys.map((key) => [key, []]));
  for (const line of lines) byKey.get(line.key)?.push({ ...line, mean: withGaps(line.mean) });
  return keys.map((key) => ({ x, at: places, lines: byKey.get(key) ?? [] }));
}

/** A view of numbers must begin where a number may stand. */
const aligned = (bytes: Uint8Array) => bytes.slice().buffer;

const withGaps = (bytes: Uint8Array): (number | null)[] =>
  Array.from(new Float32Array(aligned(bytes)), (value) => (Number.isFinite(value) ? value : null));

/** Relative time is time that begins with the first point; the grid's first column begins there, too. */
export function toRelative(answer: Overlay): Overlay {
  const [first = 0, second = first] = answer.at;
  const zero = first - (second - first) / 2;
  return { ...answer, x: "relative", at: answer.at.map((place) => place - zero) };
}

/** An answer that says nothing new leaves the picture as it is. */
function keepSame(before: unknown, now: unknown): unknown {
  return before !== undefined && isSame(before as Overlay, now as Overlay) ? before : now;
}

const isSame = (a: Overlay, b: Overlay) =>
  a.x === b.x &&
  a.lines.length === b.lines.length &&
  isSameColumn(a.at, b.at) &&
  a.lines.every((line, index) => {
    const other = b.lines[index];
    return (
      line.track_id === other?.track_id &&
      line.n_drawn === other.n_drawn &&
      isSameColumn(line.mean, other.mean)
    );
  });

const isSameColumn = (a: readonly (number | null)[], b: readonly (number | null)[]) =>
  a.length === b.length && a.every((value, index) => value === b[index]);

export function overlayQuery(asked: OverlayQuestion) {
  const isShifted = asked.x === "relative" && asked.lo === undefined && asked.hi === undefined;
  const question: OverlayQuestion = isShifted ? { ...asked, x: "time" } : asked;
  const { project, key, track_ids, x, lo, hi, buckets } = question;
  return queryOptions({
    queryKey: ["tracks", project, "overlay", key, track_ids, x, lo, hi, buckets],
    queryFn: ({ signal }) => askOverlay(question, signal),
    select: isShifted ? toRelative : undefined,
    structuralSharing: keepSame,
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
}
