// A console line as the terminal would show it: what a progress bar wrote last, and its colours. Pure.
import Anser from "anser";

export interface Span {
  text: string;
  className: string;
  color?: string;
  background?: string;
}

export const LONGEST_LINE = 10_000;
// Every control sequence but colours (those end in "m") moves a cursor we do not have.
// The escape character is put in from outside: a literal one inside a pattern is more often a mistake than meant.
const ESC = String.fromCharCode(27);
const BELL = String.fromCharCode(7);
const BACK = String.fromCharCode(8);
const OTHER_ESCAPES = new RegExp(
  `${ESC}\\[[0-?]*[ -/]*[@-ln-~]|${ESC}\\][^${BELL}${ESC}]*(?:${BELL}|${ESC}\\\\)?|${ESC}[@-Z\\\\^_]`,
  "g",
);
const COLOURS = new RegExp(`${ESC}\\[[0-9;:]*m`, "g");
// What is left of the characters that have no picture; a tab has one.
const NO_PICTURE = [
  [0, 8],
  [11, 26],
  [28, 31],
  [127, 127],
].map((ends) => ends.map((code) => String.fromCharCode(code)).join("-"));
const CONTROLS = new RegExp(`[${NO_PICTURE.join("")}]`, "g");

/** A carriage return starts the line again: only the last state counts. */
export function lastState(text: string): string {
  if (!text.includes("\r")) return text;
  const states = text.split("\r").filter((state) => state !== "");
  return states.at(-1) ?? "";
}

/** A backspace takes back the character before it, which the next one overwrites. */
export function withoutBackspaces(text: string): string {
  if (!text.includes(BACK)) return text;
  const kept: string[] = [];
  for (const char of text) {
    if (char === BACK) kept.pop();
    else kept.push(char);
  }
  return kept.join("");
}

export function cleanLine(text: string): string {
  return withoutBackspaces(lastState(text).replace(OTHER_ESCAPES, "")).replace(CONTROLS, "");
}

/** What is copied and searched: no colours. */
export function plainLine(text: string): string {
  return cleanLine(text).replace(COLOURS, "");
}

export function toSpans(text: string, isWhole = false): Span[] {
  const whole = cleanLine(text);
  const line = isWhole || whole.length <= LONGEST_LINE ? whole : whole.slice(0, LONGEST_LINE);
  if (!line.includes(ESC)) return [{ text: line, className: "" }];
  return Anser.ansiToJson(line, { use_classes: true, remove_empty: true }).map((part) => ({
    text: part.content,
    className: [named(part.fg), named(part.bg) && `${part.bg}-bg`, ...part.decorations]
      .filter(Boolean)
      .join(" "),
    color: colour(part.fg, part.fg_truecolor),
    background: colour(part.bg, part.bg_truecolor),
  }));
}

const named = (name: string | null) => (name && !/^ansi-(palette|truecolor)/.test(name) ? name : "");

const STEPS = [0, 95, 135, 175, 215, 255];

/** One of the 256 colours, or a true one. */
function colour(name: string | null, truecolor: string | null): string | undefined {
  if (name === "ansi-truecolor" && truecolor) return `rgb(${truecolor})`;
  const number = Number(/^ansi-palette-(\d+)$/.exec(name ?? "")?.[1] ?? Number.NaN);
  if (Number.isNaN(number)) return undefined;
  if (number >= 232) {
    const grey = 8 + (number - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const at = number - 16;
  if (at < 0) return undefined;
  return `rgb(${STEPS[Math.floor(at / 36)]}, ${STEPS[Math.floor(at / 6) % 6]}, ${STEPS[at % 6]})`;
}

/** The same spans with the parts that hold the text cut out and marked. */
export function markSpans(spans: readonly Span[], wanted: string): Span[] {
  if (!wanted) return [...spans];
  const needle = wanted.toLowerCase();
  const whole = spans
    .map((span) => span.text)
    .join("")
    .toLowerCase();
  const hits: [number, number][] = [];
  for (let at = whole.indexOf(needle); at >= 0; at = whole.indexOf(needle, at + needle.length)) {
    hits.push([at, at + needle.length]);
  }
  if (hits.length === 0) return [...spans];
  const marked: Span[] = [];
  let start = 0;
  for (const span of spans) {
    const end = start + span.text.length;
    let from = start;
    for (const [hitFrom, hitTo] of hits) {
      if (hitTo <= start || hitFrom >= end) continue;
      const [a, b] = [Math.max(from, hitFrom), Math.min(end, hitTo)];
      if (a > from) marked.push({ ...span, text: span.text.slice(from - start, a - start) });
      marked.push({
        ...span,
        text: span.text.slice(a - start, b - start),
        className: `${span.className} hit`.trim(),
      });
      from = b;
    }
    if (from < end) marked.push({ ...span, text: span.text.slice(from - start) });
    start = end;
  }
  return marked;
}
