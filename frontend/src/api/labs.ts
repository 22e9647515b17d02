// Labs, their submissions, the archives of code they use.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { Params } from "./jobs";
import type { components } from "./schema.gen";
import type { Page } from "./types";

type Schemas = components["schemas"];
export type Lab = Schemas["LabOut"];
export type LabDefinition = Lab["definition"];
export type Hyperparameters = Lab["hyperparameters"];
/** Of what is left out the server has a default. */
export type Choice = Partial<Schemas["Choice"]>;
/** What a search is for. */
export type SearchPlan = Schemas["Plan"];
export type Search = Schemas["SearchOut"];
export type Preview = Schemas["PreviewOut"];
export type Submission = Schemas["SubmissionOut"];
export type SubmissionDetail = Schemas["SubmissionDetailOut"];
export type SubmittedJob = Schemas["SubmittedJobOut"];
export type Archive = Schemas["ArchiveOut"];

const inProject = (project: string, what: string) => `projects/${encodeURIComponent(project)}/${what}`;

export const labsQuery = (project: string) =>
  queryOptions({
    queryKey: ["labs", project],
    queryFn: ({ signal }) => request<Schemas["LabList"]>(inProject(project, "labs"), { signal }),
  });
export const labQuery = (labId: string) =>
  queryOptions({
    queryKey: ["lab", labId],
    queryFn: ({ signal }) => request<Lab>(`labs/${labId}`, { signal }),
  });

export interface LabIn {
  name: string;
  definition: LabDefinition;
  hyperparameters: Hyperparameters;
}
export const createLab = (project: string, body: LabIn) =>
  request<Lab>(inProject(project, "labs"), { method: "POST", body });
export const changeLab = (labId: string, body: Partial<LabIn>) =>
  request<Lab>(`labs/${labId}`, { method: "PATCH", body });
export const deleteLab = (labId: string) => request<void>(`labs/${labId}`, { method: "DELETE" });

/** What SUBMIT would make: the server expands ranges and draws samples. */
export const previewQuery = (labId: string, choice: Choice) =>
  queryOptions({
    queryKey: ["preview", labId, choice],
    queryFn: ({ signal }) =>
      request<Preview>(`labs/${labId}/preview`, { method: "POST", body: choice, signal }),
    staleTime: 60_000,
    retry: false,
  });
export const submitLab = (labId: string, choice: Choice) =>
  request<SubmissionDetail>(`labs/${labId}/submissions`, { method: "POST", body: choice });

export const submissionsQuery = (labId: string, limit = 20) =>
  infiniteQueryOptions({
    queryKey: ["submissions", labId, limit],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Submission>>(`labs/${labId}/submissions`, { query: { cursor: pageParam, limit }, signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
export const submissionQuery = (submissionId: string) =>
  queryOptions({
    queryKey: ["submission", submissionId],
    queryFn: ({ signal }) => request<SubmissionDetail>(`submissions/${submissionId}`, { signal }),
  });
export const stopSubmission = (submissionId: string) =>
  request<SubmissionDetail>(`submissions/${submissionId}/stop`, { method: "POST" });
export const resubmit = (submissionId: string, only: "all" | "failed", changed: Params) =>
  request<SubmissionDetail>(`submissions/${submissionId}/resubmit`, {
    method: "POST",
    body: { only, changed },
  });

export const archivesQuery = (project: string) =>
  queryOptions({
    queryKey: ["archives", project],
    queryFn: ({ signal }) => request<Schemas["ArchiveList"]>(inProject(project, "archives"), { signal }),
  });
export const uploadArchive = (project: string, file: File) =>
  request<Archive>(inProject(project, "archives"), {
    method: "POST",
    query: { name: file.name },
    content: file,
  });
