// Where the bytes of a file are, and its text up to a limit.
import { queryOptions } from "@tanstack/react-query";
import { apiUrl, encodeKey, toApiError } from "./client";

export const PREVIEW_BYTES = 1024 * 1024;

export const fileUrl = (trackId: string, key: string, download = false) =>
  apiUrl(`tracks/${trackId}/files/${encodeKey(key)}`, download ? { download: 1 } : undefined);

export const fileTextQuery = (trackId: string, key: string, version: string | null) =>
  queryOptions({
    queryKey: ["file-text", trackId, key, version],
    queryFn: async ({ signal }) => {
      const response = await fetch(fileUrl(trackId, key), {
        signal,
        headers: { Range: `bytes=0-${PREVIEW_BYTES - 1}` },
      });
      // 416: an empty file has no first byte to give.
      if (response.status === 416) return "";
      if (!response.ok) throw await toApiError(response);
      return response.text();
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
