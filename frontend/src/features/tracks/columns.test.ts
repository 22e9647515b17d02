import { describe, expect, it } from "vitest";
import type { ColumnFacts } from "@/api/listing";
import { columnParts, defaultColumns, moveColumn, shownColumns } from "./columns";

const facts = (name: string, n_distinct: number): ColumnFacts => ({
  name,
  kind: name.startsWith("p.") ? "param" : "metric",
  key: name.slice(2),
  n_tracks: 9,
  n_distinct,
  is_number: true,
  examples: [],
});

describe("columns", () => {
  it("shows parameters that differ, and metrics, but nothing the client notes by itself", () => {
    const shown = defaultColumns([
      facts("p.seed", 1),
      facts("p.lr", 3),
      facts("p.source/folder", 9),
      facts("m.loss", 0),
      facts("m.system/cpu", 0),
    ]);
    expect(shown.slice(-2)).toEqual(["p.lr", "m.loss"]);
  });
  it("shows what was chosen, and forgets what is no column", () => {
    expect(shownColumns("name,p.lr,name,evil,x.y", [])).toEqual(["name", "p.lr"]);
  });
  it("moves a column before or behind another", () => {
    expect(moveColumn(["a", "b", "c"], "c", "a")).toEqual(["c", "a", "b"]);
    expect(moveColumn(["a", "b", "c"], "a", "c")).toEqual(["b", "c", "a"]);
    expect(moveColumn(["a", "b", "c"], "b", "b")).toEqual(["a", "b", "c"]);
  });
  it("parts a key into folder and name", () => {
    expect(columnParts("m.val/loss")).toEqual({ folder: "val/", leaf: "loss" });
    expect(columnParts("p.lr")).toEqual({ folder: "", leaf: "lr" });
  });
});
