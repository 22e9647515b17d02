import { expect, it } from "vitest";
import { highlightLines } from "./highlight";

const text = (lines: ReturnType<typeof highlightLines>) =>
  lines.map((line) => line.map((piece) => piece.text).join(""));

it("keeps every character, line by line", () => {
  const code = 'def f(x):\n    """two\r\n    lines"""\n    return "<b>" + x  # why\n';
  expect(text(highlightLines(code, "python"))).toEqual(code.split(/\r?\n/));
});
it("names what it colours", () => {
  const [line] = highlightLines("return 1", "python");
  expect(line?.[0]).toEqual({ text: "return", className: "hljs-keyword" });
});
