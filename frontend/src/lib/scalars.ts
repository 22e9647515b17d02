// Values of hyperparameters as people type them: numbers, true and false, texts; what a text must not be taken for is
// quoted. Guarantees that what was written reads as the same value again. Ranges stay texts: the server expands them.
import { parseCsv } from "./csv";

export type ParamValue = boolean | number | string;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
// Beyond this a number of JavaScript is another one than was typed.
const isExact = (text: string, value: number) => !/^[+-]?\d+$/.test(text) || Number.isSafeInteger(value);

export function parseScalar(typed: string): ParamValue {
  const text = typed.trim();
  if (text === "true") return true;
  if (text === "false") return false;
  if (text.length > 1 && text.startsWith('"') && text.endsWith('"')) return unquoted(text);
  if (NUMBER.test(text)) {
    const value = Number(text);
    if (Number.isFinite(value) && isExact(text, value)) return value;
  }
  return text;
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

export function formatScalar(value: ParamValue): string {
  if (typeof value !== "string") return String(value);
  return parseScalar(value) === value && value === value.trim() && value !== ""
    ? value
    : JSON.stringify(value);
}

/** What a row of values holds, in the words of the page's texts. */
export function kindOf(
  values: readonly ParamValue[],
): "number" | "boolean" | "text" | "range" | "mixed" | "none" {
  const kinds = new Set(values.map(kindOfOne));
  if (kinds.size > 1) return kinds.has("text") || kinds.has("boolean") ? "mixed" : "number";
  return kinds.values().next().value ?? "none";
}

function kindOfOne(value: ParamValue) {
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  return isRange(value) ? "range" : "text";
}

/** Only to mark it: whether a text is a range, and of what, is said by the server. */
export const isRange = (value: ParamValue) =>
  typeof value === "string" && /^\s*(log\s+)?[^\s:]+:[^\s:]+:[^\s:]+\s*$/.test(value) && /\d/.test(value);

/** A table of combinations: names in the first line, a combination in each other; commas or tabs. */
export function parseCombinations(text: string): Record<string, ParamValue>[] {
  const separator = (text.split("\n", 1)[0] ?? "").includes("\t") ? "\t" : ",";
  const [names = [], ...rows] = parseCsv(text.trim(), separator, 1_002);
  return rows
    .filter((row) => row.some((cell) => cell.trim() !== ""))
    .map((row) =>
      Object.fromEntries(
        names.flatMap((name, index) => {
          const cell = row[index];
          return name.trim() === "" || cell === undefined ? [] : [[name.trim(), parseScalar(cell)]];
        }),
      ),
    );
}
