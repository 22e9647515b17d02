import { describe, expect, it } from "vitest";
import type { ColumnFacts } from "@/api/listing";
import { suggest, tokenAt } from "./suggest";

const column = (name: string, more: Partial<ColumnFacts> = {}): ColumnFacts => ({
  name,
  kind: name.startsWith("p.") ? "param" : "metric",
  key: name.slice(2),
  n_tracks: 1,
  n_distinct: 2,
  is_number: true,
  examples: [],
  ...more,
});
const COLUMNS = [
  column("p.lr", { examples: [0.1, 0.01] }),
  column("p.opt", { is_number: false, examples: ["adam", "big sgd"] }),
  column("m.val/loss"),
  column("m.odd name"),
];
const labels = (text: string, caret = text.length) =>
  suggest(text, caret, COLUMNS, ["base", "two words"]).map(({ label }) => label);
const pick = (text: string, label: string) => {
  const chosen = suggest(text, text.length, COLUMNS, ["base", "two words"]).find(
    (one) => one.label === label,
  );
  if (!chosen) throw new Error(`${label} is not suggested`);
  return text.slice(0, chosen.from) + chosen.insert + text.slice(chosen.to);
};

describe("suggestions", () => {
  it("finds the word at the caret, also in quotation marks and behind a minus", () => {
    expect(tokenAt("a -tag:b c", 8)).toEqual({ from: 3, to: 8 });
    expect(tokenAt('tag:"a b', 8)).toEqual({ from: 0, to: 8 });
    expect(tokenAt("(st", 3)).toEqual({ from: 1, to: 3 });
  });
  it("offers fields, parameters and metrics", () => {
    expect(labels("")).toContain("status");
    expect(labels("p.")).toEqual(["p.lr", "p.opt"]);
    expect(labels("loss")).toEqual(["m.val/loss"]);
    expect(labels("x st")).toEqual(["status", "started"]);
  });
  it("offers values", () => {
    expect(labels("status:r")).toEqual(["running", "created"]);
    expect(labels("-tag:")).toEqual(["base", "two words"]);
    expect(labels("p.lr=0.0")).toEqual(["0.01"]);
    expect(labels("created>")).toEqual(["1h", "1d", "1w"]);
    expect(labels("foo:")).toEqual([]);
  });
  it("writes what can be read again", () => {
    expect(pick("a p.op", "p.opt")).toBe("a p.opt:");
    expect(pick("p.opt:b", "big sgd")).toBe('p.opt:"big sgd" ');
    expect(pick("odd", "m.odd name")).toBe('m."odd name"<');
    expect(pick("tag:tw", "two words")).toBe('tag:"two words" ');
  });
});
