import { describe, expect, it } from "vitest";
import { type Overlay, overlayQuery, toRelative, unpackOverlays } from "./overlay";

const bytes = (column: Float32Array | Float64Array) => {
  // Somewhere in the middle of an answer, where no float64 may stand.
  const held = new Uint8Array(column.byteLength + 3);
  held.set(new Uint8Array(column.buffer), 3);
  return held.subarray(3);
};
const line = (track_id: string, key: string, mean: number[]) => ({
  track_id,
  key,
  n_stored: 9,
  n_drawn: 9,
  last: 1,
  mean: bytes(Float32Array.from(mean)),
});

describe("lines of many tracks", () => {
  it("are read from raw columns, each key for itself, with gaps where there is nothing", () => {
    const packed = {
      x: "step" as const,
      at: bytes(Float64Array.of(1.5, 2.5)),
      lines: [
        line("a", "loss", [0.5, Number.NaN]),
        line("a", "acc", [1, 2]),
        line("b", "loss", [3, Infinity]),
      ],
    };
    const [loss, none] = unpackOverlays(packed, ["loss", "none"]) as [Overlay, Overlay];
    expect(loss.at).toEqual([1.5, 2.5]);
    expect(loss.lines.map(({ track_id, mean }) => [track_id, mean])).toEqual([
      ["a", [0.5, null]],
      ["b", [3, null]],
    ]);
    expect(none.lines).toEqual([]);
  });

  it("stand on relative time as they stand on time, counted from the first point", () => {
    const answer: Overlay = { x: "time", at: [1005, 1015, 1025], lines: [] };
    expect(toRelative(answer)).toEqual({ x: "relative", at: [5, 15, 25], lines: [] });
    expect(toRelative({ x: "time", at: [7], lines: [] }).at).toEqual([0]);
    expect(toRelative({ x: "time", at: [], lines: [] }).at).toEqual([]);
  });

  it("are asked for once for both kinds of time, as long as all of it is looked at", () => {
    const asked = { project: "p", track_ids: ["a"], key: "loss", buckets: 10 };
    const keyOf = (more: object) => overlayQuery({ ...asked, x: "relative", ...more }).queryKey;
    expect(keyOf({})).toEqual(overlayQuery({ ...asked, x: "time" }).queryKey);
    expect(keyOf({ lo: 1, hi: 2 })).not.toEqual(overlayQuery({ ...asked, x: "time", lo: 1, hi: 2 }).queryKey);
  });

  it("leave the picture as it is when they come again", () => {
    const share = overlayQuery({
      project: "p",
      track_ids: [],
      key: "k",
      x: "step",
      buckets: 1,
    }).structuralSharing;
    const answer = () =>
      unpackOverlays({ x: "step", at: bytes(Float64Array.of(1)), lines: [line("a", "k", [2])] }, ["k"])[0];
    const before = answer();
    const keep = share as (before: unknown, now: unknown) => unknown;
    expect(keep(before, answer())).toBe(before);
    const other = { ...answer(), x: "time" };
    expect(keep(before, other)).toBe(other);
  });
});
