// What the addresses of the tracks table and of the comparison mean. Invalid values fall back silently.
import type { XKind } from "@/api/types";

export interface TracksSearch {
  /** The query language. */
  q?: string;
  /** Columns parted by commas, each with a minus for descending. */
  sort?: string;
  cols?: string;
  group?: string;
}

export const COMPARE_TABS = ["charts", "parameters", "parallel", "scatter"] as const;
export type CompareTab = (typeof COMPARE_TABS)[number];

export interface CompareSearch {
  t?: string;
  m?: string;
  tab?: CompareTab;
  x?: XKind;
  smooth?: number;
  ylog?: boolean;
  lo?: number;
  hi?: number;
  by?: string;
  sx?: string;
  sy?: string;
}

export const NEWEST_FIRST = "-created";

const text = (value: unknown) =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);

export function parseTracksSearch(raw: Record<string, unknown>): TracksSearch {
  // Addresses of before there was a query language.
  const old = [text(raw.status) && `status:${raw.status}`, text(raw.tag) && `tag:${quoted(String(raw.tag))}`];
  const q = [text(raw.q), ...old].filter(Boolean).join(" ");
  return { q: q || undefined, sort: text(raw.sort), cols: text(raw.cols), group: text(raw.group) };
}

export function parseCompareSearch(raw: Record<string, unknown>): CompareSearch {
  const lo = number(raw.lo);
  const hi = number(raw.hi);
  const isRange = lo !== undefined && hi !== undefined && lo < hi;
  const weight = number(raw.smooth);
  const tab = COMPARE_TABS.find((one) => one === raw.tab && one !== "charts");
  return {
    t: text(raw.t),
    m: text(raw.m),
    tab,
    x: raw.x === "time" || raw.x === "relative" ? raw.x : undefined,
    smooth: weight !== undefined && weight > 0 && weight < 1 ? weight : undefined,
    ylog: raw.ylog === true || raw.ylog === 1 ? true : undefined,
    lo: isRange ? lo : undefined,
    hi: isRange ? hi : undefined,
    by: text(raw.by),
    sx: text(raw.sx),
    sy: text(raw.sy),
  };
}

/** Writes a value as the query language takes it. */
export function quoted(value: string): string {
  return /^[^\s()"]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** Writes a column as a field of the query language: its key may need quotation marks. */
export function fieldName(column: string): string {
  const dot = column.indexOf(".");
  if (dot < 0) return column;
  const key = column.slice(dot + 1);
  return /^[^\s:=!<>()"]+$/.test(key) ? column : `${column.slice(0, dot)}."${key.replace(/["\\]/g, "\\$&")}"`;
}

/** Lists in addresses are parted by commas; a comma inside a name has a backslash before it, as the API has it. */
export function splitList(list: string | undefined): string[] {
  if (!list) return [];
  return (list.match(/(?:\\.|[^,\\])+/g) ?? []).map((one) => one.replace(/\\(.)/g, "$1"));
}

export const joinList = (names: readonly string[]) =>
  names.map((name) => name.replace(/[\\,]/g, "\\$&")).join(",");

export interface SortKey {
  column: string;
  isDescending: boolean;
}

export const parseSort = (sort: string | undefined): SortKey[] =>
  splitList(sort).map((one) =>
    one.startsWith("-") ? { column: one.slice(1), isDescending: true } : { column: one, isDescending: false },
  );

export const writeSort = (keys: readonly SortKey[]) =>
  joinList(keys.map(({ column, isDescending }) => (isDescending ? `-${column}` : column)));

/** A click on a header: descending, ascending, none; with Shift beside the columns that are there. */
export function nextSort(keys: readonly SortKey[], column: string, isAdded: boolean): SortKey[] {
  const held = keys.find((key) => key.column === column);
  const next: SortKey[] = !held
    ? [{ column, isDescending: true }]
    : held.isDescending
      ? [{ column, isDescending: false }]
      : [];
  if (!isAdded) return next;
  if (!held) return [...keys, ...next];
  return keys.flatMap((key) => (key.column === column ? next : [key]));
}
