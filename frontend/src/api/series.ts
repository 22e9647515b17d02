// Points of series of one track in the asked range, at most `buckets` of each, on one common grid.
import { queryOptions } from "@tanstack/react-query";
import { apiUrl, request } from "./client";
import type { ExportFormat, SeriesAnswer, XKind } from "./types";

export interface SeriesRange {
  x: XKind;
  from?: number;
  to?: number;
  buckets: number;
}

export const seriesQuery = (trackId: string, keys: readonly string[], range: SeriesRange) =>
  queryOptions({
    queryKey: ["series", trackId, keys, range],
    queryFn: ({ signal }) =>
      request<SeriesAnswer>(`tracks/${trackId}/series`, { query: { key: keys, ...range }, signal }),
  });

/** The address of a file with all points of a series. */
export const exportUrl = (trackId: string, key: string, format: ExportFormat) =>
  apiUrl(`tracks/${trackId}/export`, { key, format });
