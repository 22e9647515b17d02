// The tree of one track as rows, though only pieces of it are loaded: what stands where, and where a key press leads.
// Pure; the component loads and draws. A level is known by how many entries it has and by those that were loaded.
import type { Entry } from "@/api/types";

export interface TreeRow {
  /** The folder it stands in, and its place there. */
  path: string;
  position: number;
  siblings: number;
  level: number;
  /** null: not loaded yet. */
  entry: Entry | null;
  isExpanded: boolean;
}

export interface LoadedLevel {
  count: number;
  /** By position; holes are not loaded. */
  entries: ReadonlyMap<number, Entry>;
}

/** Rows that can be asked for one by one: a level of a hundred thousand entries costs nothing until it is looked at. */
export interface TreeRows {
  count: number;
  at(index: number): TreeRow | null;
  indexOf(key: string): number;
  /** The row of a place in a level; -1 when the level is not shown. */
  indexAt(path: string, position: number): number;
}

/** A stretch of one level without anything expanded between. */
interface Stretch {
  path: string;
  level: number;
  /** First and last position, the last excluded. */
  from: number;
  to: number;
  row: number;
}

export function parentOf(key: string): string {
  const slash = key.lastIndexOf("/");
  return slash < 0 ? "" : key.slice(0, slash);
}

/** "a/b/c" -> ["a", "a/b"] */
export function foldersAbove(key: string): string[] {
  const parts = key.split("/");
  return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** What is shown of a tree whose expanded folders are known; folders whose place is not loaded yet stay closed. */
export function layTree(
  levels: ReadonlyMap<string, LoadedLevel>,
  isExpanded: (key: string) => boolean,
): TreeRows {
  const stretches: Stretch[] = [];
  const places = new Map<string, { path: string; position: number }>();
  let row = 0;
  const lay = (path: string, depth: number) => {
    const level = levels.get(path);
    if (!level) return;
    let from = 0;
    const close = (to: number) => {
      if (to > from) stretches.push({ path, level: depth, from, to, row });
      row += to - from;
      from = to;
    };
    const loaded = [...level.entries].sort(([a], [b]) => a - b);
    for (const [position, entry] of loaded) {
      places.set(entry.key, { path, position });
      if (!entry.is_folder || !isExpanded(entry.key)) continue;
      close(position + 1);
      lay(entry.key, depth + 1);
    }
    close(level.count);
  };
  lay("", 1);
  const indexAt = (path: string, position: number) => {
    const found = stretches.find((one) => one.path === path && position >= one.from && position < one.to);
    return found ? found.row + position - found.from : -1;
  };
  return {
    count: row,
    indexAt,
    indexOf: (key) => {
      const place = places.get(key);
      return place ? indexAt(place.path, place.position) : -1;
    },
    at: (index) => {
      const found = stretchOf(stretches, index);
      if (!found) return null;
      const position = found.from + index - found.row;
      const level = levels.get(found.path);
      const entry = level?.entries.get(position) ?? null;
      return {
        path: found.path,
        position,
        siblings: level?.count ?? 0,
        level: found.level,
        entry,
        isExpanded: entry?.is_folder === true && isExpanded(entry.key) && levels.has(entry.key),
      };
    },
  };
}

function stretchOf(stretches: readonly Stretch[], index: number): Stretch | null {
  let low = 0;
  let high = stretches.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const one = stretches[middle];
    if (!one) return null;
    if (index < one.row) high = middle - 1;
    else if (index >= one.row + one.to - one.from) low = middle + 1;
    else return one;
  }
  return null;
}

/** Leaves that were found, with the folders above them: a tree that is loaded as a whole. */
export function levelsOfFound(found: readonly Entry[]): Map<string, LoadedLevel> {
  const children = new Map<string, Map<string, Entry>>([["", new Map()]]);
  const put = (path: string, entry: Entry) => {
    const level = children.get(path) ?? new Map<string, Entry>();
    level.set(entry.key, entry);
    children.set(path, level);
  };
  for (const leaf of found) {
    for (const folder of foldersAbove(leaf.key)) {
      const known = children.get(parentOf(folder))?.get(folder);
      const name = folder.slice(parentOf(folder).length).replace("/", "");
      if (!known)
        put(parentOf(folder), {
          name,
          key: folder,
          is_folder: true,
          n_leaves: 1,
          leaf: null,
          children: null,
        });
      else put(parentOf(folder), { ...known, is_folder: true, n_leaves: known.n_leaves + 1 });
    }
    const path = parentOf(leaf.key);
    const known = children.get(path)?.get(leaf.key);
    // Its own leaves were found or not; what was not found does not stand below it here.
    put(path, { ...leaf, is_folder: known?.is_folder ?? false, n_leaves: known?.n_leaves ?? 0 });
  }
  const levels = new Map<string, LoadedLevel>();
  for (const [path, level] of children) {
    levels.set(path, { count: level.size, entries: new Map([...level.values()].entries()) });
  }
  return levels;
}

export interface TreeMove {
  active?: number;
  expand?: string[];
  collapse?: string;
  select?: boolean;
}

/** What the keys of a WAI-ARIA tree do at the active row; null for a key that is not the tree's. */
export function moveInTree(rows: TreeRows, active: number, key: string, pageRows: number): TreeMove | null {
  const row = rows.at(active);
  const last = rows.count - 1;
  if (!row) {
    if (rows.count === 0 || !["ArrowDown", "ArrowUp", "Home", "End"].includes(key)) return null;
    return { active: key === "End" ? last : 0 };
  }
  const { entry } = row;
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
      if (!entry?.is_folder) return {};
      return row.isExpanded ? { active: Math.min(last, active + 1) } : { expand: [entry.key] };
    case "ArrowLeft":
      if (row.isExpanded && entry) return { collapse: entry.key };
      return row.path ? { active: rows.indexOf(row.path) } : {};
    case "Enter":
    case " ":
      return { select: true };
    case "*":
      return { expand: siblingFolders(rows, row) };
    default:
      return null;
  }
}

// Opening a thousand folders at once would ask for a thousand levels.
const MOST_OPENED = 50;

function siblingFolders(rows: TreeRows, row: TreeRow): string[] {
  const found: string[] = [];
  for (let position = 0; position < row.siblings && found.length < MOST_OPENED; position++) {
    const entry = rows.at(rows.indexAt(row.path, position))?.entry;
    // Folders come first.
    if (!entry?.is_folder) break;
    found.push(entry.key);
  }
  return found;
}

/** The next loaded row after the active one whose name starts with what was typed, going round; -1 when none does. */
export function findByTyping(rows: TreeRows, active: number, typed: string, most = 2000): number {
  const wanted = typed.toLowerCase();
  // While one and the same letter is typed the search goes on; a longer word may stay where it is.
  const start = typed.length > 1 ? active : active + 1;
  for (let offset = 0; offset < Math.min(rows.count, most); offset++) {
    const index = (start + offset + rows.count) % rows.count;
    if (rows.at(index)?.entry?.name.toLowerCase().startsWith(wanted)) return index;
  }
  return -1;
}

/** The next or previous loaded row that is a leaf. */
export function nextLeaf(rows: TreeRows, active: number, way: 1 | -1): number {
  for (let index = active + way; index >= 0 && index < rows.count; index += way) {
    if (rows.at(index)?.entry?.leaf) return index;
  }
  return -1;
}
