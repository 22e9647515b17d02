// A console line as the terminal would show it: what a progress bar wrote last, and its colours.
import Anser from "anser";

export interface Span {
  text: string;
  className: string;
}

const LONGEST_LINE = 10_000;
// Every control sequence but colours (those end in "m") moves a cursor we do not have.
// The escape character is put in from outside: a literal one inside a pattern is more often a mistake than meant.
const ESC = String.fromCharCode(27);
const BELL = String.fromCharCode(7);
const OTHER_ESCAPES = new RegExp(
  `${ESC}\\[[0-?]*[ -/]*[@-ln-~]|${ESC}\\][^${BELL}${ESC}]*(?:${BELL}|${ESC}\\\\)?|${ESC}[@-Z\\\\^_]`,
  "g",
);

/** A carriage return starts the line again: only the last state counts. */
export function lastState(text: string): string {
  const states = text.split("\r").filter((state) => state !== "");
  return states.at(-1) ?? "";
}

export function cleanLine(text: string): string {
  const line = lastState(text).replace(OTHER_ESCAPES, "");
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line;
}

export function toSpans(text: string): Span[] {
  const line = cleanLine(text);
  if (!line.includes("\u001b[")) return [{ text: line, className: "" }];
  return Anser.ansiToJson(line, { use_classes: true, remove_empty: true }).map((part) => ({
    text: part.content,
    className: [part.fg, part.bg && `${part.bg}-bg`, ...part.decorations].filter(Boolean).join(" "),
  }));
}
