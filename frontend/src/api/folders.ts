// The folder tree of a track in pieces: levels page by page, leaves by words and kind, one entry.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { Entry, LeafKind, Leaves, Level, Position, Scalar } from "./types";

/** Entries in one page of a level. */
export const LEVEL_PAGE = 200;

export const levelQuery = (trackId: string, path: string, page: number) =>
  queryOptions({
    queryKey: ["level", trackId, path, page],
    queryFn: ({ signal }) =>
      request<Level>(`tracks/${trackId}/level`, {
        query: { path, offset: page * LEVEL_PAGE, limit: LEVEL_PAGE },
        signal,
        isExact: true,
      }),
    // Another level's entries must never stand in for this one's.
    placeholderData: undefined,
  });

/** Where a name stands in its level; for names whose page is not loaded. */
export const positionQuery = (trackId: string, path: string, name: string) =>
  queryOptions({
    queryKey: ["position", trackId, path, name],
    queryFn: ({ signal }) =>
      request<Position>(`tracks/${trackId}/level/position`, { query: { path, name }, signal }),
    placeholderData: undefined,
  });

export const findByStart = (trackId: string, path: string, starts: string, after: number) =>
  request<Position>(`tracks/${trackId}/level/position`, { query: { path, starts, after } });

export const entryQuery = (trackId: string, key: string) =>
  queryOptions({
    queryKey: ["entry", trackId, key],
    queryFn: ({ signal }) =>
      request<Entry>(`tracks/${trackId}/entry`, { query: { key }, signal, isExact: true }),
    placeholderData: undefined,
  });

export interface LeavesWanted {
  path?: string;
  q?: string;
  kind?: LeafKind;
  without?: readonly string[];
  limit: number;
}

export const leavesQuery = (trackId: string, wanted: LeavesWanted) =>
  queryOptions({
    queryKey: ["leaves", trackId, wanted.path ?? "", wanted],
    queryFn: ({ signal }) =>
      request<Leaves>(`tracks/${trackId}/leaves`, { query: { ...wanted }, signal, isExact: true }),
  });

/** Config values and last values of series at or below a folder. */
export const valuesQuery = (trackId: string, prefix: string) =>
  queryOptions({
    queryKey: ["values", trackId, prefix],
    queryFn: ({ signal }) =>
      request<{ values: Record<string, Scalar> }>(`tracks/${trackId}/values`, {
        query: { prefix },
        signal,
        isExact: true,
      }),
    placeholderData: undefined,
  });
