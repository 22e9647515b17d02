// Views of a project's tracks that were kept under a name.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type View = Schemas["ViewOut"];

const base = (project: string) => `projects/${encodeURIComponent(project)}/views`;

export const viewsQuery = (project: string) =>
  queryOptions({
    queryKey: ["views", project],
    queryFn: ({ signal }) => request<{ items: View[] }>(base(project), { signal }),
    placeholderData: undefined,
  });
export const putView = (project: string, name: string, definition: Record<string, unknown>) =>
  request<View>(base(project), { method: "PUT", body: { name, definition } });
export const deleteView = (project: string, viewId: string) =>
  request<void>(`${base(project)}/${viewId}`, { method: "DELETE" });
