// Console lines: the tail first, then only what is new; older pages on demand.
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { ConsolePage } from "./types";

const PAGE_LINES = 1000;

const readLines = (trackId: string, stream: string, from: number, limit: number, signal?: AbortSignal) =>
  request<ConsolePage>(`tracks/${trackId}/console/${encodeURIComponent(stream)}`, {
    query: { from, limit },
    signal,
  });

const consoleKey = (trackId: string, stream: string) => ["console", trackId, stream] as const;

export const consoleQuery = (trackId: string, stream: string) =>
  queryOptions({
    queryKey: consoleKey(trackId, stream),
    queryFn: async ({ client, signal }): Promise<ConsolePage> => {
      const known = client.getQueryData<ConsolePage>(consoleKey(trackId, stream));
      const last = known?.lines.at(-1);
      if (!known || !last) return readLines(trackId, stream, -PAGE_LINES, PAGE_LINES, signal);
      const fresh = await readLines(trackId, stream, last.number + 1, PAGE_LINES, signal);
      const lines = fresh.lines.filter((line) => line.number > last.number);
      return {
        ...known,
        n_lines: fresh.n_lines,
        lines: lines.length > 0 ? known.lines.concat(lines) : known.lines,
      };
    },
  });

/** Puts the page before the first known line in front of it. */
export async function loadOlderLines(client: QueryClient, trackId: string, stream: string): Promise<number> {
  const first = client.getQueryData<ConsolePage>(consoleKey(trackId, stream))?.lines[0];
  if (!first) return 0;
  const from = Math.max(0, first.number - PAGE_LINES);
  const older = await readLines(trackId, stream, from, PAGE_LINES);
  const lines = older.lines.filter((line) => line.number < first.number);
  client.setQueryData<ConsolePage>(consoleKey(trackId, stream), (known) =>
    known ? { ...known, lines: [...lines, ...known.lines] } : known,
  );
  return lines.length;
}
