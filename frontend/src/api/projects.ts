// Projects: list and create.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { Page, Project } from "./types";

export const projectsQuery = (q: string) =>
  queryOptions({
    queryKey: ["projects", q],
    queryFn: ({ signal }) => request<Page<Project>>("projects", { query: { q, limit: 200 }, signal }),
  });
export const createProject = (body: { name: string; description?: string }) =>
  request<Project>("projects", { method: "POST", body });
