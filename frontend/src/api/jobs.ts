// The job that a track belongs to: where it stands, its history, and how it is asked to stop.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { Job } from "./types";

export const jobQuery = (trackId: string) =>
  queryOptions({
    queryKey: ["job", trackId],
    queryFn: ({ signal }) => request<Job>(`tracks/${trackId}/job`, { signal }),
    placeholderData: undefined,
  });

export const stopTrack = (trackId: string) => request<Job>(`tracks/${trackId}/stop`, { method: "POST" });
