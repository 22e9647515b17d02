// One track and its tree.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { Track, Tree } from "./types";

export const trackQuery = (trackId: string) =>
  queryOptions({
    queryKey: ["track", trackId],
    queryFn: ({ signal }) => request<Track>(`tracks/${trackId}`, { signal }),
  });
export const treeQuery = (trackId: string) =>
  queryOptions({
    queryKey: ["tree", trackId],
    queryFn: ({ signal }) => readWholeTree(trackId, signal),
  });

async function readWholeTree(trackId: string, signal: AbortSignal): Promise<Tree> {
  const tree = await request<Tree>(`tracks/${trackId}/tree`, { query: { depth: 0, limit: 500 }, signal });
  for (let cursor = tree.next_cursor; cursor; ) {
    const more = await request<Tree>(`tracks/${trackId}/tree`, {
      query: { depth: 0, limit: 500, cursor },
      signal,
    });
    tree.entries.push(...more.entries);
    cursor = more.next_cursor;
  }
  return tree;
}

export const updateTrack = (trackId: string, body: { name?: string; tags?: string[]; notes?: string }) =>
  request<Track>(`tracks/${trackId}`, { method: "PATCH", body });
