import { describe, expect, it } from "vitest";
import type { Entry } from "@/api/types";
import {
  filterEntries,
  findByTyping,
  findEntry,
  flattenTree,
  foldersAbove,
  listLeaves,
  moveInTree,
} from "./tree";

const leaf = {
  kind: "series",
  type: "float",
  value: 1,
  step: null,
  time: null,
  n_points: 1,
  n_lines: null,
  size_bytes: null,
  content_type: null,
  sha256: null,
} as const;

function entry(key: string, children: Entry[] = [], isLeaf = children.length === 0): Entry {
  const name = key.slice(key.lastIndexOf("/") + 1);
  return {
    name,
    key,
    is_folder: children.length > 0,
    leaf: isLeaf ? leaf : null,
    n_leaves: children.length,
    children,
  };
}

const tree = [
  entry("lr"),
  entry("loss", [entry("loss/val"), entry("loss/train"), entry("loss/layer10"), entry("loss/layer2")], true),
  entry("acc", [entry("acc/val")]),
];
const closed = flattenTree(tree, () => false);
const open = flattenTree(tree, () => true);
const names = (rows: typeof open) => rows.map((row) => row.entry.key);

describe("tree rows", () => {
  it("puts folders first and counts numbers as numbers", () => {
    expect(names(closed)).toEqual(["acc", "loss", "lr"]);
    expect(names(open)).toEqual([
      "acc",
      "acc/val",
      "loss",
      "loss/layer2",
      "loss/layer10",
      "loss/train",
      "loss/val",
      "lr",
    ]);
  });
  it("knows level, position and siblings", () => {
    expect(open[3]).toMatchObject({ level: 2, position: 1, siblings: 4, isExpanded: false });
    expect(open[2]).toMatchObject({ level: 1, position: 2, siblings: 3, isExpanded: true });
  });
  it("shows a key that is leaf and folder once", () => {
    expect(names(open).filter((key) => key === "loss")).toHaveLength(1);
    expect(listLeaves(tree).map((found) => found.key)).toContain("loss");
  });
  it("keeps parents when filtering, and all of a folder that matches", () => {
    expect(names(flattenTree(filterEntries(tree, "TRAIN"), () => true))).toEqual(["loss", "loss/train"]);
    expect(names(flattenTree(filterEntries(tree, "loss"), () => true))).toHaveLength(5);
    expect(filterEntries(tree, "nothing")).toEqual([]);
  });
  it("finds an entry and the folders above it", () => {
    expect(findEntry(tree, "loss/val")?.name).toBe("val");
    expect(findEntry(tree, "loss/none")).toBeNull();
    expect(foldersAbove("a/b/c")).toEqual(["a", "a/b"]);
  });
});

describe("tree keys", () => {
  it("moves within the ends", () => {
    expect(moveInTree(closed, 0, "ArrowUp", 10)).toEqual({ active: 0 });
    expect(moveInTree(closed, 2, "ArrowDown", 10)).toEqual({ active: 2 });
    expect(moveInTree(open, 1, "End", 10)).toEqual({ active: 7 });
    expect(moveInTree(open, 7, "PageUp", 5)).toEqual({ active: 2 });
  });
  it("opens, then enters; closes, then leaves", () => {
    expect(moveInTree(closed, 1, "ArrowRight", 10)).toEqual({ expand: ["loss"] });
    expect(moveInTree(open, 2, "ArrowRight", 10)).toEqual({ active: 3 });
    expect(moveInTree(open, 2, "ArrowLeft", 10)).toEqual({ collapse: "loss" });
    expect(moveInTree(open, 5, "ArrowLeft", 10)).toEqual({ active: 2 });
  });
  it("opens all siblings with a star and selects with Enter", () => {
    expect(moveInTree(closed, 0, "*", 10)).toEqual({ expand: ["acc", "loss"] });
    expect(moveInTree(closed, 0, "Enter", 10)).toEqual({ select: true });
    expect(moveInTree(closed, 0, "x", 10)).toBeNull();
  });
  it("finds by typing, going round", () => {
    expect(findByTyping(closed, 1, "l")).toBe(2);
    expect(findByTyping(closed, 2, "l")).toBe(1);
    expect(findByTyping(closed, 2, "lr")).toBe(2);
    expect(findByTyping(closed, 0, "z")).toBeNull();
  });
});
