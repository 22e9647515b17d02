// The lines of a stream that hold a text, found by the server piece by piece: what is found so far is there at once.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { CONSOLE_PAGE, consolePageQuery, searchConsole } from "@/api/console";

export interface ConsoleSearch {
  /** What was looked for. */
  words: string;
  hits: readonly number[];
  isDone: boolean;
  /** More were there than anybody steps through; the search has ended. */
  isCut: boolean;
  error: unknown;
}

const PER_CALL = 5000;
const MOST_HITS = 100_000;
const IDLE: ConsoleSearch = { words: "", hits: [], isDone: true, isCut: false, error: null };

/** `near`: the first line that is looked at. The first hit behind it is where the reader goes next. */
export function useConsoleSearch(
  trackId: string,
  stream: string,
  words: string,
  near: number,
): ConsoleSearch {
  const [found, setFound] = useState(IDLE);
  const queryClient = useQueryClient();
  const from = useRef(near);
  from.current = near;
  useEffect(() => {
    if (!words) {
      setFound(IDLE);
      return;
    }
    const stopper = new AbortController();
    const search = async () => {
      const hits: number[] = [];
      let at = 0;
      setFound({ ...IDLE, words, isDone: false });
      while (!stopper.signal.aborted) {
        const part = await searchConsole(trackId, stream, words, at, PER_CALL, stopper.signal);
        const isFirst = hits.length === 0 && part.numbers.length > 0;
        hits.push(...part.numbers);
        // The lines are on their way while the hit is drawn.
        if (isFirst) {
          const page = Math.floor((hits[hitFrom(hits, from.current)] ?? 0) / CONSOLE_PAGE);
          void queryClient.prefetchQuery(consolePageQuery(trackId, stream, page));
        }
        const isCut = hits.length >= MOST_HITS;
        const isDone = isCut || part.next_line >= part.n_lines || part.next_line === at;
        if (stopper.signal.aborted) return;
        setFound({ words, hits: [...hits], isDone, isCut, error: null });
        if (isDone) return;
        at = part.next_line;
      }
    };
    search().catch((error: unknown) => {
      if (!stopper.signal.aborted) setFound((before) => ({ ...before, isDone: true, error }));
    });
    return () => stopper.abort();
  }, [queryClient, trackId, stream, words]);
  return found;
}

/** Marks beside the scroll bar: at most so many, each a share of the whole from 0 to 1. */
export function hitMarks(hits: readonly number[], nLines: number, most: number): number[] {
  if (nLines === 0) return [];
  const places = new Set(hits.map((hit) => Math.floor((hit / nLines) * most)));
  return [...places].map((place) => place / most);
}

/** The index of the first hit at or behind a line, going round; -1 when there is none. */
export function hitFrom(hits: readonly number[], line: number): number {
  if (hits.length === 0) return -1;
  const index = hits.findIndex((hit) => hit >= line);
  return Math.max(0, index);
}
