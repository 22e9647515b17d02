import { describe, expect, it } from "vitest";
import type { Series } from "@/api/types";
import { onlyPositive, toColumns } from "./series-data";

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
      { x: 1, value: "NaN" },
      { x: 3, value: "Infinity" },
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
    expect(columns.nonFinite).toEqual([{ x: 0, value: "NaN / ∞" }]);
  });
  it("leaves no room for zero on a log axis", () =>
    expect(onlyPositive([1, 0, -1, null])).toEqual([1, null, null, null]));
});
