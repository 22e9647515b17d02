// Metrics of many tracks over each other, every line on one grid.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";
import type { XKind } from "./types";

type Schemas = components["schemas"];
export type Overlay = Schemas["OverlayAnswer"];
export type OverlayLine = Schemas["OverlayLine"];

export interface OverlayQuestion {
  track_ids: readonly string[];
  key: string;
  x: XKind;
  lo?: number;
  hi?: number;
  buckets: number;
}

export const overlayQuery = (project: string, { track_ids, key, x, lo, hi, buckets }: OverlayQuestion) =>
  queryOptions({
    queryKey: ["tracks", project, "overlay", key, track_ids, x, lo, hi, buckets],
    queryFn: ({ signal }) =>
      request<Overlay>(`projects/${encodeURIComponent(project)}/overlay`, {
        method: "POST",
        body: { track_ids, keys: [key], x, from: lo, to: hi, buckets },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
export const projectQuery = (project: string) =>
  queryOptions({
    queryKey: ["projects", "one", project],
    queryFn: ({ signal }) =>
      request<Schemas["ProjectOut"]>(`projects/${encodeURIComponent(project)}`, { signal }),
    staleTime: 60_000,
    placeholderData: undefined,
  });
