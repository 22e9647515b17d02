// The columns of the tracks table: which there are, which are shown, how wide they are. Pure, but for localStorage.
import type { ColumnFacts } from "@/api/listing";
import { splitList } from "@/lib/tracks-state";

export interface ColumnLook {
  widths: Record<string, number>;
  /** How many of the shown columns stay at the left while the table is scrolled. */
  nPinned: number;
}

export const OWN_COLUMNS = [
  "number",
  "name",
  "status",
  "tag",
  "created",
  "duration",
  "started",
  "ended",
  "seen",
  "by",
  "origin",
  "notes",
  "id",
] as const;
export type OwnColumn = (typeof OWN_COLUMNS)[number];
export const isOwn = (name: string): name is OwnColumn => (OWN_COLUMNS as readonly string[]).includes(name);

const SHOWN_FIRST: readonly string[] = ["name", "status", "tag", "created", "duration"];
const WIDTHS: Partial<Record<OwnColumn, number>> = {
  name: 220,
  number: 72,
  status: 118,
  tag: 160,
  created: 136,
  duration: 104,
  notes: 220,
};
export const MIN_WIDTH = 64;
export const MAX_WIDTH = 800;
const MOST_PARAMS = 6;
const MOST_METRICS = 4;

/** What is shown when nobody has chosen: parameters that differ between tracks, and some metrics. */
export function defaultColumns(facts: readonly ColumnFacts[]): string[] {
  const logged = facts.filter(({ key }) => !isNotedByClient(key));
  const params = logged.filter(({ kind, n_distinct }) => kind === "param" && n_distinct > 1);
  const metrics = logged.filter(({ kind, is_number }) => kind === "metric" && is_number);
  return [
    ...SHOWN_FIRST,
    ...params.slice(0, MOST_PARAMS).map(({ name }) => name),
    ...metrics.slice(0, MOST_METRICS).map(({ name }) => name),
  ];
}

/** Where the client notes code and machine by itself: alike in every track, and rarely what one compares. */
export const NOTED_FOLDERS = ["system", "source"];
const isNotedByClient = (key: string) => NOTED_FOLDERS.some((folder) => key.startsWith(`${folder}/`));

export function shownColumns(cols: string | undefined, facts: readonly ColumnFacts[]): string[] {
  const chosen = splitList(cols).filter((name) => isOwn(name) || /^[pm]\../.test(name));
  return chosen.length > 0 ? [...new Set(chosen)] : defaultColumns(facts);
}

export const widthOf = (look: ColumnLook, name: string) =>
  look.widths[name] ?? (isOwn(name) ? (WIDTHS[name] ?? 130) : 124);

/** The key of a parameter or metric; the folder is dimmed, so it is cut off first. */
export function columnParts(name: string): { folder: string; leaf: string } {
  const key = name.slice(2);
  const slash = key.lastIndexOf("/");
  return { folder: key.slice(0, slash + 1), leaf: key.slice(slash + 1) };
}

export function moveColumn(columns: readonly string[], name: string, before: string): string[] {
  if (name === before) return [...columns];
  const rest = columns.filter((one) => one !== name);
  const at = rest.indexOf(before);
  // Dropped on a column to its right it goes behind it, or it could never become the last one.
  const isForward = columns.indexOf(name) < columns.indexOf(before);
  return [...rest.slice(0, at + Number(isForward)), name, ...rest.slice(at + Number(isForward))];
}

const storageKey = (project: string) => `mlsteam-track-columns:${project}`;
export const NO_LOOK: ColumnLook = { widths: {}, nPinned: 1 };

export function readLook(project: string): ColumnLook {
  try {
    const stored = JSON.parse(
      localStorage.getItem(storageKey(project)) ?? "null",
    ) as Partial<ColumnLook> | null;
    return stored ? { widths: stored.widths ?? {}, nPinned: stored.nPinned ?? 1 } : NO_LOOK;
  } catch {
    return NO_LOOK;
  }
}

export function keepLook(project: string, look: ColumnLook): void {
  try {
    localStorage.setItem(storageKey(project), JSON.stringify(look));
  } catch {
    // A browser without storage keeps it until the page is left.
  }
}
