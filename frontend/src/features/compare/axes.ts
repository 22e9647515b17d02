// Places of values on an axis, for parallel coordinates and scatter: numbers by size, words by name. Pure.
import type { Scalar } from "@/api/types";
import { formatShort } from "@/lib/format";

export interface Axis {
  column: string;
  /** From 0 (low) to 1 (high); null where the value has no place. */
  place: (value: Scalar | undefined) => number | null;
  ticks: { at: number; label: string }[];
  /** What stands at a place, in words. */
  label: (place: number) => string;
}

export function makeAxis(column: string, values: readonly (Scalar | undefined)[]): Axis {
  const present = values.filter(
    (value): value is Exclude<Scalar, null> => value !== undefined && value !== null,
  );
  const numbers = present.filter((value): value is number => typeof value === "number");
  if (numbers.length > 0 && numbers.length === present.filter((value) => !isNonFinite(value)).length) {
    const low = Math.min(...numbers);
    const high = Math.max(...numbers);
    // Learning rates and the like span decades: their order of size is what one looks for.
    const isLog = low > 0 && high / low >= 100;
    const scale = (value: number) => (isLog ? Math.log(value) : value);
    const size = scale(high) - scale(low);
    const place = (value: number) => (size === 0 ? 0.5 : (scale(value) - scale(low)) / size);
    const valueAt = (part: number) => (isLog ? Math.exp(scale(low) + part * size) : low + part * size);
    const label = (value: number) => formatShort(Number(value.toPrecision(4)));
    const marks = size === 0 ? [low] : [0, 0.25, 0.5, 0.75, 1].map(valueAt);
    return {
      column,
      place: (value) => (typeof value === "number" ? place(value) : null),
      ticks: marks.map((value) => ({ at: place(value), label: label(value) })),
      label: (part) => label(valueAt(part)),
    };
  }
  const words = [...new Set(present.map(String))].sort((a, b) =>
    a.localeCompare(b, undefined, { numeric: true }),
  );
  const place = (word: string) => (words.length === 1 ? 0.5 : words.indexOf(word) / (words.length - 1));
  return {
    column,
    place: (value) => (value === undefined || value === null ? null : place(String(value))),
    ticks: words.map((word) => ({ at: place(word), label: word })),
    label: (part) => words[Math.round(part * (words.length - 1))] ?? "",
  };
}

const isNonFinite = (value: Scalar) => value === "NaN" || value === "Infinity" || value === "-Infinity";

/** A stretch of an axis, from low to high. */
export type Band = readonly [number, number];

const AIR = 1e-9;

/** Whether the values of a track lie within the band of every axis that has one. */
export function isWithin(
  axes: readonly Axis[],
  bands: Readonly<Record<string, Band>>,
  values: Readonly<Record<string, Scalar>>,
): boolean {
  return axes.every((axis) => {
    const band = bands[axis.column];
    if (!band) return true;
    const place = axis.place(values[axis.column]);
    return place !== null && place >= band[0] - AIR && place <= band[1] + AIR;
  });
}

const STEP = 0.05;
const FIRST = 0.25;
const clamp = (place: number) => Math.min(1, Math.max(0, place));

/** The band after a key press: arrows move it, with Shift its upper edge; undefined: none; null: not a key for it. */
export function bandAfter(key: string, isShift: boolean, band: Band | undefined): Band | undefined | null {
  if (key === "Escape" || key === "Delete") return band ? undefined : null;
  const way = key === "ArrowUp" ? 1 : key === "ArrowDown" ? -1 : 0;
  if (way === 0) return null;
  if (!band) return way > 0 ? [1 - FIRST, 1] : [0, FIRST];
  const [low, high] = band;
  if (isShift) return [low, clamp(Math.max(low + STEP, high + way * STEP))];
  const by = way > 0 ? Math.min(STEP, 1 - high) : -Math.min(STEP, low);
  return [clamp(low + by), clamp(high + by)];
}
