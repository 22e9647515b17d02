// Where the bytes of a file are, and parts of it.
import { queryOptions } from "@tanstack/react-query";
import { apiUrl, encodeKey, toApiError } from "./client";

export const PREVIEW_BYTES = 1024 * 1024;

export const fileUrl = (trackId: string, key: string, download = false) =>
  apiUrl(`tracks/${trackId}/files/${encodeKey(key)}`, download ? { download: 1 } : undefined);

/** The address of an HTML file as a page, shut off from everything else by the server. */
export const renderedUrl = (trackId: string, key: string) =>
  apiUrl(`tracks/${trackId}/files/${encodeKey(key)}`, { rendered: 1 });

/** So many bytes from a place on; fewer at the end. */
export async function readBytes(
  url: string,
  from: number,
  length: number,
  signal?: AbortSignal,
): Promise<ArrayBuffer> {
  if (length <= 0) return new ArrayBuffer(0);
  const response = await fetch(url, { signal, headers: { Range: `bytes=${from}-${from + length - 1}` } });
  // 416: an empty file has no first byte to give.
  if (response.status === 416) return new ArrayBuffer(0);
  if (!response.ok) throw await toApiError(response);
  return response.arrayBuffer();
}

export const fileBytesQuery = (trackId: string, key: string, version: string | null, length: number) =>
  queryOptions({
    queryKey: ["file-bytes", trackId, key, version, length],
    queryFn: ({ signal }) => readBytes(fileUrl(trackId, key), 0, length, signal),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: undefined,
  });

/** The first bytes of a file as text; what is no UTF-8 is shown as U+FFFD. */
export const fileTextQuery = (trackId: string, key: string, version: string | null, length = PREVIEW_BYTES) =>
  queryOptions({
    queryKey: ["file-text", trackId, key, version, length],
    queryFn: async ({ signal }) =>
      new TextDecoder().decode(await readBytes(fileUrl(trackId, key), 0, length, signal)),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: undefined,
  });
