import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Change } from "@/api/types";
import { addChange, isTouched, Pacer, type Pending, pauseAfter } from "./live";

const change = (keys: string[] | null, track_id = "t"): Change => ({
  track_id,
  project_id: "p",
  keys,
  kinds: ["data"],
});
const none = (): Pending => new Map();

describe("pending changes", () => {
  it("join by track", () => {
    let pending = addChange(none(), change(["a"]));
    pending = addChange(pending, change(["b"]));
    pending = addChange(pending, change(["a"], "u"));
    expect(pending).toEqual(
      new Map([
        ["t", new Set(["a", "b"])],
        ["u", new Set(["a"])],
      ]),
    );
    pending = addChange(pending, change(null));
    expect(pending).toEqual(
      new Map([
        ["t", null],
        ["u", new Set(["a"])],
      ]),
    );
    expect(addChange(addChange(none(), change(null)), change(["a"]))).toEqual(new Map([["t", null]]));
    expect(addChange("all", change(["a"]))).toBe("all");
  });
  it("stay small", () => {
    const many = Array.from({ length: 1001 }, (_, n) => String(n));
    expect(addChange(none(), change(many))).toEqual(new Map([["t", null]]));
  });
});

describe("pages of jobs", () => {
  const logged = addChange(none(), change(["loss"]));
  const itself = addChange(addChange(none(), change(["loss"])), { ...change([]), kinds: ["track"] });
  const action = addChange(none(), change(["pipeline/1/state"]));
  it.each([
    [["submission", "s"], logged, false],
    [["submission", "s"], itself, true],
    [["submission", "s"], action, false],
    [["submission", "s"], addChange(none(), change(null)), true],
    [["submissions", "l", 20], itself, true],
    [["runs", "p", 20], itself, true],
    [["runs", "p", 20], logged, false],
    [["run", "p", 1], action, true],
    [["run", "p", 1], logged, false],
    [["run", "p", 1], "all", true],
    [["lab", "l"], "all", false],
    [["series", "t", ["acc"]], itself, false],
    [["entry", "t", "acc"], itself, false],
  ] as [unknown[], Pending, boolean][])("%j", (key, pending, isTold) =>
    expect(isTouched(key, pending)).toBe(isTold),
  );
});

describe("what a change touches", () => {
  const some = addChange(none(), change(["train/loss", "console/stdout"]));
  it.each([
    [["series", "t", ["train/loss"], { x: "step" }], true],
    [["series", "t", ["val/loss", "train/loss"], { x: "step" }], true],
    [["series", "t", ["train/acc"], { x: "step" }], false],
    [["series", "u", ["train/loss"], { x: "step" }], false],
    [["console", "t", "stdout"], true],
    [["console", "t", "stdout+stderr"], true],
    [["console", "t", "stderr"], false],
    [["track", "t"], true],
    [["level", "t", "", 0], true],
    [["level", "t", "train", 3], true],
    [["level", "t", "val", 0], false],
    [["level", "u", "", 0], false],
    [["leaves", "t", "train", {}], true],
    [["values", "t", "model"], false],
    [["entry", "t", "train"], true],
    [["entry", "t", "train/loss"], true],
    [["entry", "t", "train/los"], false],
    [["tracks", "demo", {}], true],
    [["projects", ""], false],
    [["file-text", "t", "train/loss", "1"], false],
    [["me"], false],
  ])("%j: %s", (key, expected) => {
    expect(isTouched(key, some)).toBe(expected);
  });
  it("is everything of a track when its keys are many", () => {
    const pending = addChange(none(), change(null));
    expect(isTouched(["series", "t", ["x"]], pending)).toBe(true);
    expect(isTouched(["series", "u", ["x"]], pending)).toBe(false);
  });
  it("is all that lives when something was missed", () => {
    expect(isTouched(["series", "u", ["x"]], "all")).toBe(true);
    expect(isTouched(["tracks", "demo", {}], "all")).toBe(true);
    expect(isTouched(["tokens"], "all")).toBe(false);
  });
  it("is nothing without a change", () => {
    expect(isTouched(["tracks", "demo", {}], none())).toBe(false);
  });
});

describe("pace", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("keeps the period, and rests in proportion to the work", () => {
    expect(pauseAfter(0, 5000)).toBe(5000);
    expect(pauseAfter(100, 5000)).toBe(4900);
    expect(pauseAfter(3_600, 5000)).toBe(14_400);
    expect(pauseAfter(60_000, 200)).toBe(30_000);
    expect(pauseAfter(10, 3_600_000)).toBe(3_599_990);
  });
  it("reloads at once, then what gathered, never two at a time", async () => {
    const seen: Pending[] = [];
    let running = 0;
    const pacer = new Pacer(async (pending) => {
      expect(++running).toBe(1);
      seen.push(pending);
      await new Promise((resume) => setTimeout(resume, 100));
      running--;
    }, 200);
    pacer.add(change(["a"]));
    expect(seen).toEqual([new Map([["t", new Set(["a"])]])]);
    for (let turn = 0; turn < 50; turn++) {
      pacer.add(change([`k${turn % 2}`]));
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(seen).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(seen.slice(1)).toEqual([new Map([["t", new Set(["k0", "k1"])]])]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen).toHaveLength(2);
    pacer.add("all");
    expect(seen[2]).toBe("all");
    pacer.add(change(["late"]));
    pacer.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen).toHaveLength(3);
  });
});
