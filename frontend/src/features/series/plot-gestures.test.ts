import { describe, expect, it } from "vitest";
import { pinchedRange } from "./plot-gestures";

describe("two fingers", () => {
  it("keep what lies under them", () => {
    // 100 and 200 lay under 100 px and 200 px; the fingers go apart to 50 px and 250 px of 400.
    const [lo, hi] = pinchedRange([100, 200], [50, 250], 400) ?? [0, 0];
    const at = (px: number) => lo + ((hi - lo) * px) / 400;
    expect([at(50), at(250)]).toEqual([100, 200]);
    expect(hi - lo).toBe(200);
  });
  it("move the range when they move together", () => {
    expect(pinchedRange([100, 200], [120, 220], 400)).toEqual([-20, 380]);
  });
  it("say nothing when they touch each other or change sides", () => {
    expect(pinchedRange([100, 200], [100, 105], 400)).toBeNull();
    expect(pinchedRange([100, 200], [200, 100], 400)).toBeNull();
  });
});
