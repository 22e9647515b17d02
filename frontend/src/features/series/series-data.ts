// Series as the server sends them, turned into the columns that a chart and a table need. Pure.
import type { Numeric, Scalar, Series } from "@/api/types";

export interface NonFinite {
  x: number;
  kind: "nan" | "up" | "down" | "some";
}

export interface SeriesColumns {
  x: number[];
  /** null: nothing to draw here, the line has a gap. */
  value: (number | null)[];
  min: (number | null)[] | null;
  max: (number | null)[] | null;
  nonFinite: NonFinite[];
  lowest: { value: number; x: number } | null;
  highest: { value: number; x: number } | null;
}

function toNumber(value: Scalar | undefined): number {
  if (typeof value === "number") return value;
  if (value === true || value === false) return Number(value);
  return value === "Infinity"
    ? Number.POSITIVE_INFINITY
    : value === "-Infinity"
      ? Number.NEGATIVE_INFINITY
      : Number.NaN;
}

const toFinite = (value: Scalar | undefined) => {
  const number = value === null || value === undefined ? Number.NaN : toNumber(value);
  return Number.isFinite(number) ? number : null;
};

function kindOf(value: Scalar | undefined): NonFinite["kind"] {
  return value === "Infinity" ? "up" : value === "-Infinity" ? "down" : "nan";
}

/** Points and buckets alike; a bucket's line runs through its last value, its band from min to max. */
export function toColumns(series: Series): SeriesColumns {
  const { points, buckets } = series;
  const xs: readonly Numeric[] = buckets?.x ?? points?.x ?? [];
  const values: readonly Scalar[] = buckets?.last ?? points?.value ?? [];
  const columns: SeriesColumns = {
    x: [],
    value: [],
    min: buckets ? [] : null,
    max: buckets ? [] : null,
    nonFinite: [],
    lowest: null,
    highest: null,
  };
  for (const [index, rawX] of xs.entries()) {
    const x = toFinite(rawX);
    if (x === null) continue;
    // A column nobody logged into is no gap of the series: the line goes on to the next one.
    if (buckets !== null && buckets.count[index] === 0) continue;
    const value = toFinite(values[index]);
    // Of points at one place the later one is drawn.
    const isAgain = columns.x.at(-1) === x;
    if (isAgain) columns.value[columns.value.length - 1] = value;
    else {
      columns.x.push(x);
      columns.value.push(value);
    }
    if (value === null) columns.nonFinite.push({ x, kind: kindOf(values[index]) });
    else if (buckets && (buckets.nonfinite[index] ?? 0) > 0) columns.nonFinite.push({ x, kind: "some" });
    const low = buckets ? toFinite(buckets.min[index]) : value;
    const high = buckets ? toFinite(buckets.max[index]) : value;
    if (!isAgain) {
      columns.min?.push(low);
      columns.max?.push(high);
    }
    // An extreme stands where it was logged, not in the middle of its bucket.
    if (low !== null && (columns.lowest === null || low < columns.lowest.value))
      columns.lowest = { value: low, x: toFinite(buckets?.min_x[index]) ?? x };
    if (high !== null && (columns.highest === null || high > columns.highest.value))
      columns.highest = { value: high, x: toFinite(buckets?.max_x[index]) ?? x };
  }
  return columns;
}

type Column = (number | null | undefined)[];

/** One x for all lines. Where a line has no point of its own it is undefined: it goes on, it has no gap. */
export function alignColumns(lines: readonly SeriesColumns[]): { x: number[]; lines: SeriesColumns[] } {
  const [first, ...others] = lines;
  if (!first) return { x: [], lines: [] };
  if (others.every((line) => isSame(line.x, first.x))) return { x: first.x, lines: [...lines] };
  const x = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
  const place = new Map(x.map((at, index) => [at, index]));
  const spread = (from: readonly number[], column: readonly (number | null)[]) => {
    const made: Column = new Array(x.length).fill(undefined);
    for (const [index, at] of from.entries()) made[place.get(at) ?? 0] = column[index];
    return made as (number | null)[];
  };
  return {
    x,
    lines: lines.map((line) => ({
      ...line,
      x,
      value: spread(line.x, line.value),
      min: line.min && spread(line.x, line.min),
      max: line.max && spread(line.x, line.max),
    })),
  };
}

const isSame = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((value, index) => value === b[index]);

/** A log axis has no place for zero and below: such values become gaps. */
export function onlyPositive(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value === undefined || (value !== null && value > 0) ? value : null));
}

const CUT = 0.05;
const FEWEST_TO_CUT = 20;

/** The range that holds all values but the lowest and highest five percent, as TensorBoard leaves outliers out. */
export function robustRange(values: readonly number[]): [number, number] | null {
  const [first] = values;
  if (first === undefined) return null;
  const sorted = Float64Array.from(values).sort();
  const cut = sorted.length < FEWEST_TO_CUT ? 0 : CUT;
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? first;
  return [at(cut), at(1 - cut)];
}
