// Lines of a stream by number, of which only the pages that are looked at are loaded.
import { type UseQueryResult, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { CONSOLE_PAGE, consolePageQuery, consoleQuery } from "@/api/console";
import type { ConsoleLine, ConsolePage } from "@/api/types";
import { useReloadInterval } from "@/lib/preferences";

export function useConsoleLines(trackId: string, stream: string, from: number, to: number) {
  const tail = useQuery({ ...consoleQuery(trackId, stream), refetchInterval: useReloadInterval() });
  const nLines = tail.data?.n_lines ?? 0;
  const tailFrom = tail.data?.from ?? 0;
  const pages = useMemo(() => {
    const wanted: number[] = [];
    // What the tail holds needs no page; all before it is in pages that are full.
    const last = Math.min(to, tailFrom - 1);
    for (let page = Math.floor(from / CONSOLE_PAGE); page * CONSOLE_PAGE <= last; page++) wanted.push(page);
    return wanted;
  }, [from, to, tailFrom]);
  const combine = useCallback(
    (results: UseQueryResult<ConsolePage>[]) =>
      new Map(results.flatMap(({ data }, index) => (data ? [[pages[index] ?? 0, data] as const] : []))),
    [pages],
  );
  const loaded = useQueries({
    queries: pages.map((page) => consolePageQuery(trackId, stream, page)),
    combine,
  });
  const queryClient = useQueryClient();
  const isTorn = useMemo(() => arePagesTorn(loaded, tail.data), [loaded, tail.data]);
  useEffect(() => {
    if (isTorn) void queryClient.invalidateQueries({ queryKey: ["console-page", trackId, stream] });
  }, [isTorn, queryClient, trackId, stream]);
  const lineAt = useCallback(
    (number: number): ConsoleLine | null => {
      if (tail.data && number >= tail.data.from) return tail.data.lines[number - tail.data.from] ?? null;
      return loaded.get(Math.floor(number / CONSOLE_PAGE))?.lines[number % CONSOLE_PAGE] ?? null;
    },
    [tail.data, loaded],
  );
  return { tail, nLines, lineAt };
}

/**
 * Of streams read as one, a line that came late takes its place in time, and moves those behind it: pages from before and
 * after it do not meet. Of one stream all do.
 */
export function arePagesTorn(
  pages: ReadonlyMap<number, ConsolePage>,
  tail: ConsolePage | undefined,
): boolean {
  for (const [number, page] of pages) {
    const next = pages.get(number + 1);
    if (next && next.begin !== page.next) return true;
    const last = tail && page.lines[tail.from - page.from];
    if (last && tail.lines[0] && (last.text !== tail.lines[0].text || last.stream !== tail.lines[0].stream))
      return true;
  }
  return false;
}
