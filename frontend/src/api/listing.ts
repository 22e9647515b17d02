// The tracks of a project as a table: rows by place, groups, columns, ids; what is done to many tracks at once.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";
import type { Scalar } from "./types";

type Schemas = components["schemas"];
export type TrackRow = Schemas["RowOut"];
export type TrackRows = Schemas["TrackList"];
export type ColumnFacts = Schemas["ColumnOut"];
export type TrackGroup = { value: Scalar; n_tracks: number };

export interface TableQuestion {
  query: string;
  sort: string;
  columns: readonly string[];
}

// Twice what a screen shows: who jumps somewhere waits for no more.
export const BLOCK_ROWS = 50;

const base = (project: string) => `projects/${encodeURIComponent(project)}/tracks`;

/** Rows from `block * BLOCK_ROWS` on. */
export const rowsQuery = (project: string, question: TableQuestion, block: number) =>
  queryOptions({
    queryKey: ["tracks", project, "rows", question, block],
    queryFn: ({ signal }) =>
      request<TrackRows>(base(project), {
        query: {
          query: question.query,
          sort: question.sort,
          column: question.columns,
          offset: block * BLOCK_ROWS,
          limit: BLOCK_ROWS,
        },
        signal,
      }),
    // The table keeps what it shows by itself.
    placeholderData: undefined,
  });
export const columnsQuery = (project: string) =>
  queryOptions({
    queryKey: ["tracks", project, "columns"],
    queryFn: ({ signal }) =>
      request<Schemas["ColumnList"]>(`projects/${encodeURIComponent(project)}/columns`, { signal }),
    placeholderData: (previous, query) => (query?.queryKey[1] === project ? previous : undefined),
    // Columns come seldom; asking for them with every point would double the work of a busy table.
    staleTime: 10_000,
  });
export const groupsQuery = (project: string, query: string, sort: string, by: string) =>
  queryOptions({
    queryKey: ["tracks", project, "groups", query, sort, by],
    queryFn: ({ signal }) =>
      request<{ items: TrackGroup[] }>(`${base(project)}/groups`, { query: { query, sort, by }, signal }),
    placeholderData: keepPreviousData,
  });

export const listTrackIds = (project: string, question: TableQuestion, offset = 0, limit = 10_000) =>
  request<Schemas["TrackIdsOut"]>(`${base(project)}/ids`, {
    query: { query: question.query, sort: question.sort, offset, limit },
  });
export const findTracks = (project: string, query: string, limit: number, signal?: AbortSignal) =>
  request<TrackRows>(base(project), { query: { query, limit }, signal });

export const deleteTracks = (project: string, track_ids: readonly string[]) =>
  request<Schemas["TrackIdsOut"]>(`${base(project)}/delete`, { method: "POST", body: { track_ids } });
export const restoreTracks = (project: string, track_ids: readonly string[]) =>
  request<Schemas["TrackIdsOut"]>(`projects/${encodeURIComponent(project)}/trash/restore`, {
    method: "POST",
    body: { track_ids },
  });

/** Some tracks with what they have of the columns, newest first; those that are deleted are left out. */
export const chosenQuery = (project: string, trackIds: readonly string[], columns: readonly string[]) =>
  queryOptions({
    queryKey: ["tracks", project, "chosen", trackIds, columns],
    queryFn: ({ signal }) =>
      request<TrackRows>(base(project), {
        query: { track_id: trackIds, column: columns, limit: Math.max(1, trackIds.length) },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
