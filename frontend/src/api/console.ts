// Console lines: the tail, which grows; pages before it, which do not change; and the lines that hold a text.
// A stream is a name, or several with "+" between them, which are read as one.
import { queryOptions } from "@tanstack/react-query";
import { apiUrl, request } from "./client";
import type { ConsoleHits, ConsolePage } from "./types";

/** Lines in one page. */
export const CONSOLE_PAGE = 500;

const address = (trackId: string, stream: string) =>
  `tracks/${trackId}/console/${encodeURIComponent(stream)}`;

/** How many lines there are, and the last of them. */
export const consoleQuery = (trackId: string, stream: string) =>
  queryOptions({
    queryKey: ["console", trackId, stream],
    queryFn: ({ signal }) =>
      request<ConsolePage>(address(trackId, stream), { query: { limit: CONSOLE_PAGE }, signal }),
    placeholderData: undefined,
  });

/** A page that is full: lines are added at the end, and hardly ever far from it. */
export const consolePageQuery = (trackId: string, stream: string, page: number) =>
  queryOptions({
    queryKey: ["console-page", trackId, stream, page],
    queryFn: ({ signal }) =>
      request<ConsolePage>(address(trackId, stream), {
        query: { from: page * CONSOLE_PAGE, limit: CONSOLE_PAGE },
        signal,
      }),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: undefined,
  });

export const searchConsole = (
  trackId: string,
  stream: string,
  q: string,
  from: number,
  limit: number,
  signal: AbortSignal,
) => request<ConsoleHits>(`${address(trackId, stream)}/search`, { query: { q, from, limit }, signal });

/** The address of the whole stream as a text file. */
export const consoleTextUrl = (trackId: string, stream: string) => apiUrl(`${address(trackId, stream)}/text`);
