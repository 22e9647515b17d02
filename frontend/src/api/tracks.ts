// Tracks: the pages of a project's list, one track, who logged to it.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { Page, Track, Writers } from "./types";

export interface TrackFilter {
  q?: string;
  status?: string;
  tag?: string;
  sort?: string;
}

export const tracksQuery = (project: string, filter: TrackFilter) =>
  infiniteQueryOptions({
    queryKey: ["tracks", project, filter],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Track>>(`projects/${encodeURIComponent(project)}/tracks`, {
        query: { ...filter, cursor: pageParam, limit: 100 },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
export const trackQuery = (trackId: string) =>
  queryOptions({
    queryKey: ["track", trackId],
    queryFn: ({ signal }) => request<Track>(`tracks/${trackId}`, { signal }),
  });
export const writersQuery = (trackId: string) =>
  queryOptions({
    queryKey: ["writers", trackId],
    queryFn: ({ signal }) => request<Writers>(`tracks/${trackId}/writers`, { signal }),
  });

export const updateTrack = (trackId: string, body: { name?: string; tags?: string[]; notes?: string }) =>
  request<Track>(`tracks/${trackId}`, { method: "PATCH", body });
export const deleteTrack = (trackId: string) => request<void>(`tracks/${trackId}`, { method: "DELETE" });
