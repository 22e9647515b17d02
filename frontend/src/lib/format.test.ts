import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatBytes,
  formatDuration,
  formatExact,
  formatNumber,
  formatShort,
  formatTicks,
  formatTimeTicks,
  formatValue,
} from "./format";

describe("format", () => {
  it("writes large integers short where there is little room", () => {
    expect([123_456_789, 10 ** 10, 1_234_500_000_000, 2.5, "text"].map(formatShort)).toEqual([
      "123456789",
      "1e10",
      "1.2345e12",
      "2.5",
      "text",
    ]);
  });
  it.each([
    [0.1 + 0.2, "0.3"],
    [4, "4"],
    [0.000001234567, "1.2346e-6"],
    [-12345.678, "-12345.7"],
    [9007199254740991, "9.0072e+15"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("writes %s as %s", (value, text) => expect(formatNumber(value)).toBe(text));

  it.each([
    [
      [0, 250_000_000, 500_000_000],
      ["0", "250M", "500M"],
    ],
    [
      [50_000, 100_000],
      ["50k", "100k"],
    ],
    [
      [0, 5000, 10_000],
      ["0", "5000", "10000"],
    ],
    [
      [-1e12, null, 5e11],
      ["-1T", "", "0.5T"],
    ],
    [
      [1e18, 2e18],
      ["1e18", "2e18"],
    ],
    [
      [0, 1e-12],
      ["0", "1e-12"],
    ],
  ])("labels an axis of %s", (values, texts) => expect(formatTicks(values)).toEqual(texts));

  it("writes every digit of what was logged", () => {
    expect(formatExact(0.000123456789)).toBe("0.000123456789");
  });
  it("tells ticks less than a second apart from each other", () => {
    const ticks = formatTimeTicks([0.5, 0.75], 0.25, "en");
    expect(new Set(ticks).size).toBe(2);
  });
  it("writes what the server sends", () => {
    expect(formatValue("Infinity")).toBe("+∞");
    expect(formatValue(true)).toBe("true");
    expect(formatValue(null)).toBe("—");
    expect(formatValue("small_bert")).toBe("small_bert");
  });
  it("writes sizes and durations", () => {
    expect(formatBytes(900)).toBe("900 B");
    expect(formatBytes(1536)).toBe("1.5 KiB");
    expect(formatBytes(50 * 1024 * 1024)).toBe("50 MiB");
    expect(formatDuration(0.25)).toBe("250 ms");
    expect(formatDuration(75)).toBe("1 min 15 s");
    expect(formatDuration(90_000)).toBe("1 d 1 h");
  });
  it("says how long ago in the language of the page", () => {
    const now = Date.parse("2026-01-01T12:00:00Z");
    expect(formatAgo("2026-01-01T09:00:00Z", "en", now)).toBe("3 hours ago");
    expect(formatAgo("2026-01-01T09:00:00Z", "zh-TW", now)).toBe("3 小時前");
  });
});
