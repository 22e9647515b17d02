import { describe, expect, it } from "vitest";
import { makeAxis } from "./axes";

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
