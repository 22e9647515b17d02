// Pipelines and their runs.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";
import type { Page } from "./types";

type Schemas = components["schemas"];
export type Pipeline = Schemas["PipelineOut"];
export type PipelineDefinition = Pipeline["definition"];
export type Action = PipelineDefinition["actions"][number];
export type Run = Schemas["RunOut"];
export type RunDetail = Schemas["RunDetailOut"];
export type ActionStatus = Schemas["ActionStatusOut"];

export const pipelinesQuery = (project: string) =>
  queryOptions({
    queryKey: ["pipelines", project],
    queryFn: ({ signal }) =>
      request<Schemas["PipelineList"]>(`projects/${encodeURIComponent(project)}/pipelines`, { signal }),
  });
export const pipelineQuery = (pipelineId: string) =>
  queryOptions({
    queryKey: ["pipeline", pipelineId],
    queryFn: ({ signal }) => request<Pipeline>(`pipelines/${pipelineId}`, { signal }),
  });

export interface PipelineIn {
  name: string;
  definition: PipelineDefinition;
}
export const createPipeline = (project: string, body: PipelineIn) =>
  request<Pipeline>(`projects/${encodeURIComponent(project)}/pipelines`, { method: "POST", body });
export const changePipeline = (pipelineId: string, body: PipelineIn) =>
  request<Pipeline>(`pipelines/${pipelineId}`, { method: "PATCH", body });
export const deletePipeline = (pipelineId: string) =>
  request<void>(`pipelines/${pipelineId}`, { method: "DELETE" });

export const runsQuery = (pipelineId: string, limit = 20) =>
  infiniteQueryOptions({
    queryKey: ["runs", pipelineId, limit],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Run>>(`pipelines/${pipelineId}/runs`, { query: { cursor: pageParam, limit }, signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
export const runQuery = (pipelineId: string, number: number) =>
  queryOptions({
    queryKey: ["run", pipelineId, number],
    queryFn: ({ signal }) => request<RunDetail>(`pipelines/${pipelineId}/runs/${number}`, { signal }),
  });
export const runPipeline = (pipelineId: string, body: { comment: string; uses_track: boolean }) =>
  request<RunDetail>(`pipelines/${pipelineId}/runs`, { method: "POST", body });
export const stopRun = (pipelineId: string, number: number) =>
  request<RunDetail>(`pipelines/${pipelineId}/runs/${number}/stop`, { method: "POST" });
export const rerun = (pipelineId: string, number: number) =>
  request<RunDetail>(`pipelines/${pipelineId}/runs/${number}/rerun`, { method: "POST" });
