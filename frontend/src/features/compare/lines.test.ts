import { describe, expect, it } from "vitest";
import type { OverlayLine } from "@/api/overlay";
import { fillGaps, groupedLines, isLowBetter, looksOf, trackLines } from "./lines";

const line = (track_id: string, mean: (number | null)[]): OverlayLine => ({
  track_id,
  key: "loss",
  n_stored: 3,
  n_drawn: 3,
  last: 0,
  mean,
});

describe("lines of a comparison", () => {
  it("give a track its own colour, and dashes where it is taken", () => {
    const looks = looksOf([
      { track_id: "a", name: "a", number: 3 },
      { track_id: "b", name: "b", number: 13 },
    ]);
    expect(looks.get("a")).toEqual({ colour: 3, round: 0 });
    expect(looks.get("b")).toEqual({ colour: 3, round: 1 });
  });
  it("leave out tracks that are gone, and keep the raw line when smoothed", () => {
    const tracks = new Map([["a", { track_id: "a", name: "first", number: 1 }]]);
    const drawn = trackLines([line("a", [1, null, 3]), line("gone", [1])], tracks, new Map(), 0.5);
    expect(drawn).toHaveLength(1);
    expect(drawn[0]?.raw).toEqual([1, null, 3]);
    expect(drawn[0]?.values[1]).toBeNull();
  });
  it("come to a mean and a band by group", () => {
    const drawn = groupedLines(
      [line("a", [1, 2]), line("b", [3, 6]), line("c", [9, 9]), line("none", [0, 0])],
      (id) => ({ a: "x", b: "x", c: "y" })[id] ?? null,
      0,
    );
    expect(drawn.map(({ label, n }) => [label, n])).toEqual([
      ["x", 2],
      ["y", 1],
    ]);
    expect(drawn[0]).toMatchObject({ values: [2, 4], low: [1, 2], high: [3, 6] });
  });
  it("bridge gaps but not the ends", () => {
    expect(fillGaps([null, 1, null, 3, null])).toEqual([null, 1, 2, 3, null]);
  });
  it("guess what is better", () => {
    expect(isLowBetter("val/loss")).toBe(true);
    expect(isLowBetter("accuracy")).toBe(false);
  });
});
