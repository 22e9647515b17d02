import { describe, expect, it } from "vitest";
import { fromAddress, parseSignInSearch, parseTrackSearch, toAddress } from "./url-state";

describe("url state", () => {
  it("keeps what it knows", () => {
    expect(
      parseTrackSearch({ path: "loss/train", x: "time", smooth: 0.6, ylog: true, lo: 1, hi: 2, both: true }),
    ).toMatchObject({
      both: true,
      path: "loss/train",
      x: "time",
      smooth: 0.6,
      ylog: true,
      lo: 1,
      hi: 2,
    });
  });
  it("falls back silently", () => {
    const search = parseTrackSearch({ x: "moon", smooth: 7, lo: 5, hi: 1, view: "x", path: 12, both: "x" });
    expect(search).toEqual({ path: "12" });
  });
  it("goes on only inside the page after signing in", () => {
    expect(parseSignInSearch({ next: "/t/1?path=a" }).next).toBe("/t/1?path=a");
    expect(parseSignInSearch({ next: "//evil.example" }).next).toBeUndefined();
    expect(parseSignInSearch({ next: "/\\evil.example" }).next).toBeUndefined();
    expect(parseSignInSearch({ next: "https://evil.example" }).next).toBeUndefined();
  });
  it("writes times in milliseconds", () => {
    expect(toAddress("time", 1.5)).toBe(1500);
    expect(fromAddress("time", 1500)).toBe(1.5);
    expect(fromAddress("step", 10)).toBe(10);
  });
});
