// Lines of several tracks on one grid: how they look, and what groups of them come to. Pure.
import type { OverlayLine } from "@/api/overlay";
import { smooth } from "@/lib/smoothing";

export interface DrawnLine {
  id: string;
  label: string;
  /** A place in the palette, and how many lines before it have the same colour: those get dashes. */
  colour: number;
  round: number;
  values: readonly (number | null)[];
  /** The unsmoothed values, drawn pale; null where nothing is smoothed. */
  raw: readonly (number | null)[] | null;
  low: (number | null)[] | null;
  high: (number | null)[] | null;
  n: number;
}

export interface Named {
  track_id: string;
  name: string;
  number: number;
}

const PALETTE = 10;

/** Says for each track its colour, and its dashes where that colour is taken. The same track has always the same colour. */
export function looksOf(tracks: readonly Named[]): Map<string, { colour: number; round: number }> {
  const taken = new Map<number, number>();
  const looks = new Map<string, { colour: number; round: number }>();
  for (const track of tracks) {
    const colour = track.number % PALETTE;
    const round = taken.get(colour) ?? 0;
    taken.set(colour, round + 1);
    looks.set(track.track_id, { colour, round });
  }
  return looks;
}

export function trackLines(
  lines: readonly OverlayLine[],
  tracks: ReadonlyMap<string, Named>,
  looks: ReadonlyMap<string, { colour: number; round: number }>,
  smoothing: number,
): DrawnLine[] {
  return lines.flatMap((line) => {
    const track = tracks.get(line.track_id);
    if (!track || line.mean.length === 0) return [];
    const look = looks.get(line.track_id) ?? { colour: 0, round: 0 };
    const values = smoothing > 0 ? smooth(line.mean, smoothing) : line.mean;
    return [
      {
        id: line.track_id,
        label: track.name,
        ...look,
        values,
        raw: smoothing > 0 ? line.mean : null,
        low: null,
        high: null,
        n: 1,
      },
    ];
  });
}

/** One line a group: the mean of its lines, between the lowest and the highest of them. */
export function groupedLines(
  lines: readonly OverlayLine[],
  groupOf: (trackId: string) => string | null,
  smoothing: number,
): DrawnLine[] {
  const groups = new Map<string, OverlayLine[]>();
  for (const line of lines) {
    const group = groupOf(line.track_id);
    if (group === null || line.mean.length === 0) continue;
    const held = groups.get(group);
    if (held) held.push(line);
    else groups.set(group, [line]);
  }
  return [...groups.entries()]
    .sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }))
    .map(([label, members], index) => {
      const size = members[0]?.mean.length ?? 0;
      const mean: (number | null)[] = [];
      const low: (number | null)[] = [];
      const high: (number | null)[] = [];
      // A track that has no point in a column has one between its neighbours, so that short gaps do not move the mean.
      const filled = members.map((line) => fillGaps(line.mean));
      for (let at = 0; at < size; at++) {
        const here = filled.flatMap((values) => values[at] ?? []);
        mean.push(here.length > 0 ? here.reduce((sum, value) => sum + value, 0) / here.length : null);
        low.push(here.length > 0 ? Math.min(...here) : null);
        high.push(here.length > 0 ? Math.max(...here) : null);
      }
      const values = smoothing > 0 ? smooth(mean, smoothing) : mean;
      return {
        id: label,
        label,
        colour: index % PALETTE,
        round: Math.floor(index / PALETTE),
        values,
        raw: null,
        low,
        high,
        n: members.length,
      };
    });
}

/** Puts values between neighbours; before the first and behind the last there is nothing. */
export function fillGaps(values: readonly (number | null)[]): (number | null)[] {
  const filled = [...values];
  let before = -1;
  for (let at = 0; at < filled.length; at++) {
    const value = filled[at];
    if (value === null || value === undefined) continue;
    const from = filled[before];
    if (before >= 0 && from !== null && from !== undefined) {
      for (let gap = before + 1; gap < at; gap++)
        filled[gap] = from + ((value - from) * (gap - before)) / (at - before);
    }
    before = at;
  }
  return filled;
}

/** Whether less is better, as far as a name tells. */
export const isLowBetter = (key: string) => /loss|err|mae|mse|perplex|ppl|wer|cer|time|latency/i.test(key);
