import { describe, expect, it } from "vitest";
import { smooth, smoothBehind } from "./smoothing";

describe("smooth", () => {
  it("is debiased: the first value is kept as it is", () => {
    expect(smooth([10, 20], 0.9)[0]).toBeCloseTo(10);
  });
  it("follows the formula", () => {
    // average: 0.5, then 0.25 + 1 = 1.25; divided by 1 - 0.25.
    expect(smooth([1, 2], 0.5)[1]).toBeCloseTo(1.25 / 0.75);
  });
  it("leaves a constant line and weight 0 alone", () => {
    expect(smooth([3, 3, 3], 0.99)).toEqual([3, 3, 3]);
    expect(smooth([1, 5], 0)).toEqual([1, 5]);
  });
  it("keeps gaps without letting them move the average", () => {
    const withGap = smooth([1, null, 2], 0.5);
    expect(withGap[1]).toBeNull();
    expect(withGap[2]).toBeCloseTo(smooth([1, 2], 0.5)[1] as number);
  });
});

describe("the smoothing of a window", () => {
  it("goes on from what stands before it", () => {
    const whole = [5, 1, null, 4, 2, 8, 3];
    expect(smoothBehind(whole.slice(0, 4), whole.slice(4), 0.6)).toEqual(smooth(whole, 0.6).slice(4));
    expect(smoothBehind([], whole, 0.6)).toEqual(smooth(whole, 0.6));
  });
});
