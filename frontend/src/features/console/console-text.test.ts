import { describe, expect, it } from "vitest";
import { cleanLine, lastState, markSpans, plainLine, toSpans, withoutBackspaces } from "./console-text";

const ESC = String.fromCharCode(27);

describe("console text", () => {
  it("keeps the last state of a progress bar", () => {
    expect(lastState("10%\r50%\r100%")).toBe("100%");
    expect(lastState("100%\r")).toBe("100%");
    expect(lastState("plain")).toBe("plain");
  });
  it("takes back what a backspace takes back", () => {
    expect(withoutBackspaces("ab\b\bcd")).toBe("cd");
    expect(withoutBackspaces("\b\bx")).toBe("x");
    expect(cleanLine("|\b/\b-\b\\\bdone")).toBe("done");
  });
  it("drops what moves the cursor and keeps colours", () => {
    expect(cleanLine(`${ESC}[2K${ESC}[1Adone\u0007`)).toBe("done");
    expect(toSpans(`${ESC}[31mred${ESC}[0m plain`).map((span) => [span.text, span.className])).toEqual([
      ["red", "ansi-red"],
      [" plain", ""],
    ]);
    expect(plainLine(`${ESC}[1;31mred${ESC}[0m plain`)).toBe("red plain");
  });
  it("knows 256 and true colours", () => {
    expect(toSpans(`${ESC}[38;5;208mx`)[0]).toMatchObject({
      text: "x",
      className: "",
      color: "rgb(255, 135, 0)",
    });
    expect(toSpans(`${ESC}[38;5;240mx`)[0]?.color).toBe("rgb(88, 88, 88)");
    expect(toSpans(`${ESC}[48;2;1;2;3mx`)[0]?.background).toBe("rgb(1, 2, 3)");
  });
  it("cuts endless lines until all is asked for", () => {
    expect(toSpans("x".repeat(20_000))[0]?.text).toHaveLength(10_000);
    expect(toSpans("x".repeat(20_000), true)[0]?.text).toHaveLength(20_000);
  });
  it("never makes markup of text", () => expect(toSpans("<b>&amp;")[0]?.text).toBe("<b>&amp;"));
  it("marks what is looked for, across colours", () => {
    const spans = markSpans(toSpans(`An ${ESC}[31mErr${ESC}[0mor, error`), "error");
    expect(spans.map((span) => [span.text, span.className])).toEqual([
      ["An ", ""],
      ["Err", "ansi-red hit"],
      ["or", "hit"],
      [", ", ""],
      ["error", "hit"],
    ]);
    expect(markSpans(toSpans("abc"), "x")).toHaveLength(1);
  });
});
