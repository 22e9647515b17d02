// One series as the server sends it, turned into the columns a chart and a table need.
import type { Numeric, Scalar, Series } from "@/api/types";

export interface SeriesColumns {
  x: number[];
  /** null: nothing to draw here, the line has a gap. */
  value: (number | null)[];
  min: (number | null)[] | null;
  max: (number | null)[] | null;
  nonFinite: { x: number; value: string }[];
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
    const isEmpty = buckets !== null && buckets.count[index] === 0;
    const value = toFinite(values[index]);
    // A column nobody logged into is no gap of the series: the line goes on to the next one.
    if (isEmpty) continue;
    columns.x.push(x);
    columns.value.push(value);
    if (value === null) columns.nonFinite.push({ x, value: String(values[index] ?? "NaN") });
    else if (buckets && (buckets.nonfinite[index] ?? 0) > 0) columns.nonFinite.push({ x, value: "NaN / ∞" });
    const low = buckets ? toFinite(buckets.min[index]) : value;
    const high = buckets ? toFinite(buckets.max[index]) : value;
    columns.min?.push(low);
    columns.max?.push(high);
    // An extreme stands where it was logged, not in the middle of its bucket.
    if (low !== null && (columns.lowest === null || low < columns.lowest.value))
      columns.lowest = { value: low, x: toFinite(buckets?.min_x[index]) ?? x };
    if (high !== null && (columns.highest === null || high > columns.highest.value))
      columns.highest = { value: high, x: toFinite(buckets?.max_x[index]) ?? x };
  }
  return columns;
}

/** A log axis has no place for zero and below: such values become gaps. */
export function onlyPositive(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value !== null && value > 0 ? value : null));
}
