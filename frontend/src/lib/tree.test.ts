import { describe, expect, it } from "vitest";
import type { Entry } from "@/api/types";
import {
  findByTyping,
  foldersAbove,
  layTree,
  levelsOfFound,
  moveInTree,
  nextLeaf,
  type TreeRows,
} from "./tree";

const leaf: NonNullable<Entry["leaf"]> = {
  kind: "series",
  type: "float",
  value: 1,
  step: 1,
  time: 1,
  n_points: 1,
  n_lines: null,
  size_bytes: null,
  content_type: null,
  sha256: null,
};
const entry = (key: string, isFolder = false): Entry => ({
  key,
  name: key.split("/").at(-1) ?? key,
  is_folder: isFolder,
  n_leaves: isFolder ? 2 : 0,
  leaf: isFolder ? null : leaf,
  children: null,
});
const level = (count: number, ...known: [number, Entry][]) => ({ count, entries: new Map(known) });
const keys = (rows: TreeRows) =>
  Array.from({ length: rows.count }, (_, index) => rows.at(index)?.entry?.key ?? null);

const levels = new Map([
  ["", level(4, [0, entry("a", true)], [1, entry("b", true)], [3, entry("z")])],
  ["a", level(2, [0, entry("a/x", true)], [1, entry("a/y")])],
  ["a/x", level(100_000, [99_999, entry("a/x/last")])],
  ["b", level(1, [0, entry("b/one")])],
]);
const lay = (...open: string[]) => layTree(levels, (key) => open.includes(key));

describe("a tree of which pieces are loaded", () => {
  it("lays expanded folders between their siblings", () => {
    expect(keys(lay())).toEqual(["a", "b", null, "z"]);
    expect(keys(lay("a"))).toEqual(["a", "a/x", "a/y", "b", null, "z"]);
    expect(keys(lay("a", "b"))).toEqual(["a", "a/x", "a/y", "b", "b/one", null, "z"]);
  });
  it("knows rows by key, place and number, however many there are", () => {
    const rows = lay("a", "a/x");
    expect(rows.count).toBe(4 + 2 + 100_000);
    expect(rows.indexOf("a/y")).toBe(100_002);
    expect(rows.indexOf("a/x/last")).toBe(100_001);
    expect(rows.indexAt("a/x", 5)).toBe(7);
    expect(rows.at(7)).toMatchObject({ path: "a/x", position: 5, siblings: 100_000, level: 3, entry: null });
    expect(rows.indexOf("nothing")).toBe(-1);
    expect(rows.at(rows.count)).toBeNull();
  });
  it("keeps a folder closed until its level is known", () => {
    const known = new Map([["", level(1, [0, entry("a", true)])]]);
    const rows = layTree(known, () => true);
    expect(rows.count).toBe(1);
    expect(rows.at(0)?.isExpanded).toBe(false);
  });
});

describe("keys of a tree", () => {
  const rows = lay("a");
  it.each([
    [0, "ArrowDown", { active: 1 }],
    [0, "ArrowUp", { active: 0 }],
    [2, "End", { active: 5 }],
    [5, "Home", { active: 0 }],
    [0, "PageDown", { active: 3 }],
    [0, "ArrowRight", { active: 1 }],
    [1, "ArrowRight", { expand: ["a/x"] }],
    [2, "ArrowRight", {}],
    [0, "ArrowLeft", { collapse: "a" }],
    [2, "ArrowLeft", { active: 0 }],
    [0, "*", { expand: ["a", "b"] }],
    [1, "Enter", { select: true }],
    [1, "q", null],
  ])("at row %i %s does %j", (at, key, move) => expect(moveInTree(rows, at, key, 3)).toEqual(move));
  it("starts at the first row", () => {
    expect(moveInTree(rows, -1, "ArrowDown", 3)).toEqual({ active: 0 });
    expect(
      moveInTree(
        layTree(new Map(), () => false),
        -1,
        "ArrowDown",
        3,
      ),
    ).toBeNull();
  });
  it("finds by typing and goes round", () => {
    expect(findByTyping(rows, 0, "z")).toBe(5);
    expect(findByTyping(rows, 5, "a")).toBe(0);
    expect(findByTyping(rows, 0, "nothing")).toBe(-1);
  });
  it("goes from leaf to leaf", () => {
    expect(nextLeaf(rows, 0, 1)).toBe(2);
    expect(nextLeaf(rows, 2, 1)).toBe(5);
    expect(nextLeaf(rows, 2, -1)).toBe(-1);
  });
});

describe("what was found", () => {
  it("stands in its folders", () => {
    const rows = layTree(levelsOfFound([entry("a/b/c"), entry("a/b"), entry("d")]), () => true);
    expect(keys(rows)).toEqual(["a", "a/b", "a/b/c", "d"]);
    expect(rows.at(1)?.entry?.leaf).not.toBeNull();
  });
});

it("names the folders above", () => expect(foldersAbove("a/b/c")).toEqual(["a", "a/b"]));
