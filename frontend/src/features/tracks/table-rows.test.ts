import { describe, expect, it } from "vitest";
import { GroupLayout } from "./table-rows";

const GROUPS = [
  { value: "a", n_tracks: 2 },
  { value: null, n_tracks: 3 },
];

describe("groups", () => {
  it("stand before their tracks", () => {
    const layout = new GroupLayout(GROUPS, new Set());
    expect(layout.nLines).toBe(7);
    const lines = Array.from({ length: 7 }, (_, index) => layout.line(index));
    expect(lines.map((line) => (line.kind === "group" ? line.value : line.place))).toEqual([
      "a",
      0,
      1,
      null,
      2,
      3,
      4,
    ]);
  });
  it("hide their tracks when they are closed", () => {
    const layout = new GroupLayout(GROUPS, new Set([0]));
    const lines = Array.from({ length: layout.nLines }, (_, index) => layout.line(index));
    expect(lines.map((line) => (line.kind === "group" ? line.value : line.place))).toEqual([
      "a",
      null,
      2,
      3,
      4,
    ]);
  });
});
