// Jobs of tracks: where they stand, stopping them, submitting them again; and who runs them.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type Job = Schemas["JobOut"];
export type JobState = Job["state"];
export type JobDetail = Schemas["JobDetailOut"];
export type JobRules = Schemas["JobRulesOut"];
export type Params = Job["params"];

const ENDED: readonly JobState[] = ["succeeded", "failed", "stopped", "lost"];
/** Nothing more will happen to it by itself. */
export const hasEnded = (state: JobState) => ENDED.includes(state);
/** Asking it to stop would do something. */
export const canStop = (state: JobState) => !hasEnded(state) && state !== "stopping";

/** Of a track that has no job the answer is an error with the code `job_not_found`. */
export const jobQuery = (trackId: string) =>
  queryOptions({
    queryKey: ["job", trackId],
    queryFn: ({ signal }) => request<JobDetail>(`tracks/${trackId}/job`, { signal }),
  });
export const jobRulesQuery = queryOptions({
  queryKey: ["job-rules"],
  queryFn: ({ signal }) => request<JobRules>("job-rules", { signal }),
  staleTime: 10_000,
});

export const stopJob = (trackId: string) => request<JobDetail>(`tracks/${trackId}/stop`, { method: "POST" });
/** Each line says what became of one: a state, or the code of why it cannot be stopped. */
export const stopJobs = (trackIds: readonly string[]) =>
  request<Schemas["StopList"]>("tracks/stop", { method: "POST", body: { track_ids: trackIds } });
export const resubmitJob = (trackId: string, changed: Params) =>
  request<Schemas["SubmissionDetailOut"]>(`tracks/${trackId}/resubmit`, {
    method: "POST",
    body: { changed },
  });
