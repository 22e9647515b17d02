import { describe, expect, it } from "vitest";
import type { Series } from "@/api/types";
import { stepAt, zeroTime } from "./chart-events";
import { scaledRange } from "./plot-gestures";
import { alignColumns, onlyPositive, robustRange, toColumns } from "./series-data";
import { nextHidden } from "./series-legend";

const series: Series = {
  track_id: "t",
  key: "loss",
  type: "float",
  n_stored: 4,
  n_drawn: 4,
  n_nonfinite: 2,
  is_bucketed: false,
  is_exact: true,
  last: { value: "Infinity", step: 3, time: 13 },
  points: { x: [0, 1, 2, 3], value: [2, "NaN", 1, "Infinity"], step: [0, 1, 2, 3], time: [10, 11, 12, 13] },
  buckets: null,
};

describe("toColumns", () => {
  it("makes gaps of what is not finite and remembers it", () => {
    const columns = toColumns(series);
    expect(columns.value).toEqual([2, null, 1, null]);
    expect(columns.nonFinite).toEqual([
      { x: 1, kind: "nan" },
      { x: 3, kind: "up" },
    ]);
    expect(columns.lowest).toEqual({ value: 1, x: 2 });
    expect(columns.highest).toEqual({ value: 2, x: 0 });
  });
  it("draws a bucket by its last value with a band, and takes the extremes from the band", () => {
    const columns = toColumns({
      ...series,
      points: null,
      is_bucketed: true,
      buckets: {
        x: [0, 10],
        first: [1, null],
        last: [2, null],
        min: [0.5, null],
        min_x: [0, null],
        max: [9, null],
        max_x: [3, null],
        mean: [2, null],
        count: [5, 0],
        nonfinite: [1, 0],
      },
    });
    expect(columns.value).toEqual([2]);
    expect(columns.min).toEqual([0.5]);
    expect(columns.highest).toEqual({ value: 9, x: 3 });
    expect(columns.nonFinite).toEqual([{ x: 0, kind: "some" }]);
  });
  it("leaves no room for zero on a log axis", () =>
    expect(onlyPositive([1, 0, -1, null])).toEqual([1, null, null, null]));
});

describe("lines of one chart", () => {
  it("draw the later of two points at one place", () => {
    const points = { x: [0, 1, 1, 2], value: [1, 2, 3, 4], step: [0, 1, 1, 2], time: [1, 2, 3, 4] };
    const columns = toColumns({ ...series, points });
    expect(columns.x).toEqual([0, 1, 2]);
    expect(columns.value).toEqual([1, 3, 4]);
  });
  it("share one x, and go on where they have no point of their own", () => {
    const line = (x: number[], value: (number | null)[]) => ({
      ...toColumns({ ...series, points: null }),
      x,
      value,
    });
    const { x, lines } = alignColumns([line([0, 2, 4], [1, null, 3]), line([1, 2], [5, 6])]);
    expect(x).toEqual([0, 1, 2, 4]);
    expect(lines[0]?.value).toEqual([1, undefined, null, 3]);
    expect(lines[1]?.value).toEqual([undefined, 5, 6, undefined]);
    const same = line([0, 1], [1, 2]);
    expect(alignColumns([same, same]).lines[0]).toBe(same);
    expect(alignColumns([]).x).toEqual([]);
  });
  it("leave outliers out of their range, but not of few points", () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    expect(robustRange([...values, 1e9])).toEqual([5, 95]);
    expect(robustRange([1, 2, 1e9])).toEqual([1, 1e9]);
    expect(robustRange([])).toBeNull();
  });
  it("are switched alone or one by one", () => {
    expect([...nextHidden(new Set(), 1, 3, false)]).toEqual([0, 2]);
    expect([...nextHidden(new Set([0, 2]), 1, 3, false)]).toEqual([]);
    expect([...nextHidden(new Set([0]), 1, 3, true)]).toEqual([0, 1]);
    expect([...nextHidden(new Set([0, 1]), 1, 3, true)]).toEqual([0]);
  });
  it("are zoomed around a place", () => expect(scaledRange(0, 10, 2, 0.5)).toEqual([1, 6]));
});

describe("events on the x axis", () => {
  const points = { x: [0, 10, 20], value: [1, 2, 3], step: [0, 10, 20], time: [100, 200, 300] };
  it("stand between the steps of the points around them", () => {
    expect(stepAt({ ...series, points }, 250)).toBe(15);
    expect(stepAt({ ...series, points }, 50)).toBe(0);
    expect(stepAt({ ...series, points }, 999)).toBe(20);
    expect(stepAt({ ...series, points: null }, 250)).toBeNull();
  });
  it("know the zero of relative time", () => {
    expect(zeroTime([{ ...series, points: { ...points, x: [0, 100, 200] } }])).toBe(100);
    expect(zeroTime([{ ...series, points: null }])).toBeNull();
  });
});
