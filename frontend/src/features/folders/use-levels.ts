// The levels of a tree that are needed, loaded page by page: the first page of each open folder, the pages that are
// looked at, and those with open folders in them.
import { type UseQueryResult, useQueries } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import { LEVEL_PAGE, levelQuery, positionQuery } from "@/api/folders";
import type { Entry, Level, Position } from "@/api/types";
import { useReloadInterval } from "@/lib/preferences";
import { foldersAbove, type LoadedLevel, parentOf } from "@/lib/tree";

export interface SeenPart {
  path: string;
  from: number;
  to: number;
}

/** `wanted` are keys that have to be found even when their page is far from what is looked at. */
export function useLevels(
  trackId: string,
  expanded: ReadonlySet<string>,
  seen: readonly SeenPart[],
  wanted: readonly string[],
): { levels: ReadonlyMap<string, LoadedLevel>; error: unknown; retry: () => void } {
  const refetchInterval = useReloadInterval();
  const asked = useMemo(() => [...new Set(wanted.flatMap((key) => [...foldersAbove(key), key]))], [wanted]);
  const positions = useQueries({
    queries: asked.map((key) => positionQuery(trackId, parentOf(key), key.slice(key.lastIndexOf("/") + 1))),
    combine: toPositions,
  });
  // A folder that is open keeps its page while one scrolls elsewhere: without it, its rows would close.
  const homes = useRef(new Map<string, PageName>());
  const pages = useMemo(
    () => pagesOf(expanded, seen, asked, positions, homes.current),
    [expanded, seen, asked, positions],
  );
  const combine = useCallback(
    (results: UseQueryResult<Level>[]) => {
      const levels = new Map<string, { count: number; entries: Map<number, Entry> }>();
      for (const [index, { data }] of results.entries()) {
        const page = pages[index];
        if (!data || !page) continue;
        const level = levels.get(page.path) ?? { count: 0, entries: new Map() };
        level.count = data.n_entries;
        for (const [at, entry] of data.entries.entries()) {
          level.entries.set(data.offset + at, entry);
          if (entry.is_folder && page.page > 0) homes.current.set(entry.key, page);
        }
        levels.set(page.path, level);
      }
      const failed = results.find((result) => result.isError && !result.data);
      return { levels, error: failed?.error ?? null, retry: () => void failed?.refetch() };
    },
    [pages],
  );
  return useQueries({
    queries: pages.map(({ path, page }) => ({ ...levelQuery(trackId, path, page), refetchInterval })),
    combine,
  });
}

const toPositions = (results: UseQueryResult<Position>[]) =>
  results.map((result) => result.data?.position ?? null);

interface PageName {
  path: string;
  page: number;
}

export function pagesOf(
  expanded: ReadonlySet<string>,
  seen: readonly SeenPart[],
  asked: readonly string[],
  positions: readonly (number | null)[],
  homes: ReadonlyMap<string, PageName>,
): PageName[] {
  const names = new Map<string, PageName>();
  const add = (path: string, page: number) => names.set(`${page} ${path}`, { path, page });
  for (const path of ["", ...expanded]) {
    add(path, 0);
    const home = homes.get(path);
    if (home) add(home.path, home.page);
  }
  for (const [index, key] of asked.entries()) {
    const position = positions[index];
    if (typeof position === "number") add(parentOf(key), Math.floor(position / LEVEL_PAGE));
  }
  for (const { path, from, to } of seen) {
    for (let page = Math.floor(from / LEVEL_PAGE); page <= Math.floor(to / LEVEL_PAGE); page++)
      add(path, page);
  }
  return [...names.values()];
}
