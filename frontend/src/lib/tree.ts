// The tree of one track as rows: what is visible, and where a key press leads. Pure; the component only draws.
import type { Entry } from "@/api/types";

export interface TreeRow {
  entry: Entry;
  level: number;
  position: number;
  siblings: number;
  isExpanded: boolean;
}

// Built once: constructing a collator per comparison costs more than the whole sort.
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Folders first, then by name with numbers in their own order. */
function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort(
    (a, b) => Number(b.is_folder) - Number(a.is_folder) || collator.compare(a.name, b.name),
  );
}

/** Keeps what matches and every folder above it; a folder that matches keeps all it holds. */
export function filterEntries(entries: readonly Entry[], filter: string): Entry[] {
  const wanted = filter.trim().toLowerCase();
  if (!wanted) return [...entries];
  const kept: Entry[] = [];
  for (const entry of entries) {
    if (entry.key.toLowerCase().includes(wanted)) kept.push(entry);
    else {
      const children = filterEntries(entry.children ?? [], wanted);
      if (children.length > 0) kept.push({ ...entry, children });
    }
  }
  return kept;
}

export function flattenTree(
  entries: readonly Entry[],
  isExpanded: (key: string) => boolean,
  level = 1,
): TreeRow[] {
  const rows: TreeRow[] = [];
  const ordered = inOrder(entries);
  for (const [index, entry] of ordered.entries()) {
    const open = entry.is_folder && isExpanded(entry.key);
    rows.push({ entry, level, position: index + 1, siblings: ordered.length, isExpanded: open });
    if (open) {
      // A loop, not a spread: a folder may hold more entries than a call may have arguments.
      for (const row of flattenTree(entry.children ?? [], isExpanded, level + 1)) rows.push(row);
    }
  }
  return rows;
}

export interface TreeMove {
  active?: number;
  expand?: string[];
  collapse?: string;
  select?: boolean;
}

/** What the keys of a WAI-ARIA tree do at the active row; null for a key that is not the tree's. */
export function moveInTree(
  rows: readonly TreeRow[],
  active: number,
  key: string,
  pageRows: number,
): TreeMove | null {
  const row = rows[active];
  const last = rows.length - 1;
  if (!row)
    return rows.length > 0 && ["ArrowDown", "ArrowUp", "Home", "End"].includes(key) ? { active: 0 } : null;
  switch (key) {
    case "ArrowDown":
      return { active: Math.min(last, active + 1) };
    case "ArrowUp":
      return { active: Math.max(0, active - 1) };
    case "Home":
      return { active: 0 };
    case "End":
      return { active: last };
    case "PageDown":
      return { active: Math.min(last, active + pageRows) };
    case "PageUp":
      return { active: Math.max(0, active - pageRows) };
    case "ArrowRight":
      if (!row.entry.is_folder) return {};
      return row.isExpanded ? { active: Math.min(last, active + 1) } : { expand: [row.entry.key] };
    case "ArrowLeft":
      return row.isExpanded ? { collapse: row.entry.key } : { active: parentIndex(rows, active) };
    case "Enter":
    case " ":
      return { select: true };
    case "*":
      return { expand: siblingFolders(rows, active) };
    default:
      return null;
  }
}

function parentIndex(rows: readonly TreeRow[], active: number): number {
  const level = rows[active]?.level ?? 1;
  for (let index = active - 1; index >= 0; index--) if ((rows[index]?.level ?? 0) < level) return index;
  return active;
}

function siblingFolders(rows: readonly TreeRow[], active: number): string[] {
  const key = rows[active]?.entry.key ?? "";
  const parent = key.slice(0, key.lastIndexOf("/") + 1);
  const isSibling = (other: string) => other.slice(0, other.lastIndexOf("/") + 1) === parent;
  return rows.filter((row) => row.entry.is_folder && isSibling(row.entry.key)).map((row) => row.entry.key);
}

/** The next row after the active one whose name starts with what was typed, going round. */
export function findByTyping(rows: readonly TreeRow[], active: number, typed: string): number | null {
  const wanted = typed.toLowerCase();
  // While one and the same letter is typed the search goes on; a longer word may stay where it is.
  const start = typed.length > 1 ? active : active + 1;
  for (let offset = 0; offset < rows.length; offset++) {
    const index = (start + offset) % rows.length;
    if (rows[index]?.entry.name.toLowerCase().startsWith(wanted)) return index;
  }
  return null;
}

export function findEntry(entries: readonly Entry[], key: string): Entry | null {
  for (const entry of entries) {
    if (entry.key === key) return entry;
    if (key.startsWith(`${entry.key}/`)) {
      const found = findEntry(entry.children ?? [], key);
      if (found) return found;
    }
  }
  return null;
}

/** "a/b/c" -> ["a", "a/b"] */
export function foldersAbove(key: string): string[] {
  const parts = key.split("/");
  return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Every entry that is a leaf at or below these entries, in the order of the tree. */
export function listLeaves(entries: readonly Entry[]): Entry[] {
  return inOrder(entries).flatMap((entry) => [
    ...(entry.leaf ? [entry] : []),
    ...listLeaves(entry.children ?? []),
  ]);
}
