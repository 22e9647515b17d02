// One track, and who logged to it.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { Track, Writers } from "./types";

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
