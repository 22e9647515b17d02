// Projects: list and create.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";
import type { Page, Project } from "./types";

type Schemas = components["schemas"];

export const projectsQuery = (q: string) =>
  queryOptions({
    queryKey: ["projects", q],
    queryFn: ({ signal }) => request<Page<Project>>("projects", { query: { q, limit: 200 }, signal }),
  });
export const createProject = (body: { name: string; description?: string }) =>
  request<Project>("projects", { method: "POST", body });
export const projectQuery = (project: string) =>
  queryOptions({
    queryKey: ["projects", "one", project],
    queryFn: ({ signal }) =>
      request<Schemas["ProjectOut"]>(`projects/${encodeURIComponent(project)}`, { signal }),
    staleTime: 60_000,
    placeholderData: undefined,
  });
