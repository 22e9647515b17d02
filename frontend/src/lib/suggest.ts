// Suggestions for the query language at the caret. Pure; what the text means is the server's affair.
import type { ColumnFacts } from "@/api/listing";
import { fieldName, quoted } from "./tracks-state";

export interface Suggestion {
  /** What stands in the list. */
  label: string;
  hint: string;
  /** What is written in place of [from, to). */
  insert: string;
  from: number;
  to: number;
}

export const FIELDS: readonly { name: string; example: string }[] = [
  { name: "status", example: "status:running" },
  { name: "tag", example: "tag:base" },
  { name: "name", example: "name:bert" },
  { name: "created", example: "created>2d" },
  { name: "duration", example: "duration>1h" },
  { name: "number", example: "number>=100" },
  { name: "by", example: "by:ann" },
  { name: "origin", example: "origin:client" },
  { name: "notes", example: "notes:baseline" },
  { name: "id", example: "id:0195" },
  { name: "started", example: "started>1w" },
  { name: "ended", example: "ended<2026-11-01" },
  { name: "seen", example: "seen>30m" },
  { name: "has", example: "has:m.val/loss" },
];
const STATUSES = ["running", "finished", "failed", "stopped", "created"];
const MOST = 12;

/** The word around the caret: from the last space or parenthesis outside quotation marks, without a minus. */
export function tokenAt(text: string, caret: number): { from: number; to: number } {
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at < caret; at++) {
    if (text[at] === "\\" && isQuoted) at++;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /[\s()]/.test(text[at] ?? "")) from = at + 1;
  }
  if (text[from] === "-" && caret > from) from++;
  let to = caret;
  while (to < text.length && !/[\s()]/.test(text[to] ?? "")) to++;
  return { from, to };
}

export function suggest(
  text: string,
  caret: number,
  columns: readonly ColumnFacts[],
  tags: readonly string[],
): Suggestion[] {
  const { from, to } = tokenAt(text, caret);
  const typed = text.slice(from, caret);
  const found = /^([A-Za-z_]+(?:\."?[^:=!<>]*)?)(!=|<=|>=|[:=<>])(.*)$/.exec(typed);
  return (found ? values(found, columns, tags, from, to) : fields(typed, columns, from, to)).slice(0, MOST);
}

function fields(typed: string, columns: readonly ColumnFacts[], from: number, to: number): Suggestion[] {
  const wanted = typed.toLowerCase().replace(/"/g, "");
  const own = FIELDS.filter(({ name }) => name.startsWith(wanted)).map(({ name, example }) => ({
    label: name,
    hint: example,
    insert: `${name}:`,
    from,
    to,
  }));
  const logged = columns
    .filter((column) =>
      wanted.length > 2 ? column.name.toLowerCase().includes(wanted) : column.name.startsWith(wanted),
    )
    .slice(0, MOST)
    .map((column) => ({
      label: column.name,
      hint: column.examples.length > 0 ? String(column.examples[0]) : "",
      insert: `${fieldName(column.name)}${column.is_number ? (column.kind === "metric" ? "<" : "=") : ":"}`,
      from,
      to,
    }));
  // Once a key is being written, the fields are of no use.
  return wanted === "" ? [...own.slice(0, 6), ...logged] : [...own, ...logged];
}

function values(
  [, name = "", op = "", typed = ""]: RegExpExecArray,
  columns: readonly ColumnFacts[],
  tags: readonly string[],
  from: number,
  to: number,
): Suggestion[] {
  const start = from + name.length + op.length;
  const known =
    name === "status"
      ? STATUSES
      : name === "tag"
        ? tags
        : name === "has"
          ? columns.map((column) => column.name)
          : ["created", "started", "ended", "seen"].includes(name)
            ? ["1h", "1d", "1w"]
            : name === "duration"
              ? ["10m", "1h", "1d"]
              : (columns
                  .find((column) => fieldName(column.name) === name)
                  ?.examples.map((example) => String(example)) ?? []);
  const wanted = typed.replace(/^"/, "").toLowerCase();
  return known
    .filter((value) => value.toLowerCase().includes(wanted) && value.toLowerCase() !== wanted)
    .sort((a, b) => Number(b.toLowerCase().startsWith(wanted)) - Number(a.toLowerCase().startsWith(wanted)))
    .map((value) => ({ label: value, hint: "", insert: `${quoted(value)} `, from: start, to }));
}
