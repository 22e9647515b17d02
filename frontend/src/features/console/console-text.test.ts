import { describe, expect, it } from "vitest";
import { cleanLine, lastState, toSpans } from "./console-text";

describe("console text", () => {
  it("keeps the last state of a progress bar", () => {
    expect(lastState("10%\r50%\r100%")).toBe("100%");
    expect(lastState("100%\r")).toBe("100%");
    expect(lastState("plain")).toBe("plain");
  });
  it("drops what moves the cursor and keeps colours", () => {
    expect(cleanLine("\u001b[2K\u001b[1Adone")).toBe("done");
    expect(toSpans("\u001b[31mred\u001b[0m plain").map((span) => [span.text, span.className])).toEqual([
      ["red", "ansi-red"],
      [" plain", ""],
    ]);
  });
  it("cuts endless lines", () => expect(cleanLine("x".repeat(20_000))).toHaveLength(10_002));
  it("never makes markup of text", () => expect(toSpans("<b>&amp;")[0]?.text).toBe("<b>&amp;"));
});
