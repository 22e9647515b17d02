// Deleted tracks of a project that can be restored.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type Trashed = Schemas["TrashedOut"];

const base = (project: string) => `projects/${encodeURIComponent(project)}/trash`;

export const trashQuery = (project: string) =>
  infiniteQueryOptions({
    queryKey: ["tracks", project, "trash"],
    queryFn: ({ pageParam, signal }) =>
      request<Schemas["TrashList"]>(base(project), { query: { cursor: pageParam, limit: 200 }, signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
export const purgeTrash = (project: string, track_ids: readonly string[] | null) =>
  request<Schemas["PurgedOut"]>(`${base(project)}/purge`, { method: "POST", body: { track_ids } });
