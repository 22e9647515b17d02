import { describe, expect, it } from "vitest";
import { bandAfter, isWithin, makeAxis } from "./axes";

describe("axes", () => {
  it("place numbers by size, and by order of size where they span decades", () => {
    const axis = makeAxis("m.loss", [1, 3, 2]);
    expect([1, 2, 3].map(axis.place)).toEqual([0, 0.5, 1]);
    const decades = makeAxis("p.lr", [0.0001, 0.01, 1]);
    expect(decades.place(0.01)).toBeCloseTo(0.5);
  });
  it("place words by name, and what has no place nowhere", () => {
    const axis = makeAxis("p.opt", ["sgd", "adam", undefined]);
    expect([axis.place("adam"), axis.place("sgd"), axis.place(undefined)]).toEqual([0, 1, null]);
    expect(makeAxis("m.x", [1, "NaN"]).place("NaN")).toBeNull();
  });
  it("place a value that is everywhere the same in the middle", () => {
    expect(makeAxis("p.a", [5, 5]).place(5)).toBe(0.5);
    expect(makeAxis("p.a", []).ticks).toEqual([]);
  });
});

describe("bands", () => {
  const axes = [makeAxis("m.loss", [1, 3, 2]), makeAxis("p.opt", ["sgd", "adam"])];
  it("let through what lies within all of them", () => {
    expect(isWithin(axes, {}, {})).toBe(true);
    expect(isWithin(axes, { "m.loss": [0.5, 1] }, { "m.loss": 2 })).toBe(true);
    expect(isWithin(axes, { "m.loss": [0.5, 1] }, { "m.loss": 1.9 })).toBe(false);
    expect(isWithin(axes, { "m.loss": [0, 1], "p.opt": [0.9, 1] }, { "m.loss": 2, "p.opt": "adam" })).toBe(
      false,
    );
    expect(isWithin(axes, { "m.loss": [0, 1] }, {})).toBe(false);
  });
  it("are made, moved, widened and taken away by keys", () => {
    expect(bandAfter("ArrowUp", false, undefined)).toEqual([0.75, 1]);
    expect(bandAfter("ArrowUp", false, [0.75, 1])).toEqual([0.75, 1]);
    expect(bandAfter("ArrowDown", false, [0.5, 0.75])?.[0]).toBeCloseTo(0.45);
    expect(bandAfter("ArrowUp", true, [0.5, 0.75])?.[1]).toBeCloseTo(0.8);
    expect(bandAfter("ArrowDown", true, [0.5, 0.55])?.[1]).toBeCloseTo(0.55);
    expect(bandAfter("Escape", false, [0, 1])).toBeUndefined();
    expect(bandAfter("Escape", false, undefined)).toBeNull();
    expect(bandAfter("a", false, undefined)).toBeNull();
  });
  it("say what stands at their ends", () => {
    expect(axes[0]?.label(0.5)).toBe("2");
    expect(axes[1]?.label(1)).toBe("sgd");
  });
});
