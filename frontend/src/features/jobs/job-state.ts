// What can be said of a job by its state. Pure.
import type { Job, JobState, Track } from "@/api/types";

const ENDED: readonly JobState[] = ["succeeded", "failed", "stopped", "lost"];

export const hasEnded = (job: Job) => ENDED.includes(job.state);
export const canStop = (job: Job) => !hasEnded(job) && job.state !== "stopping";

/** Only a lab or a pipeline gives a track a job; others need not be asked for. */
export const mayHaveJob = (track: Track) => track.origin !== "client";

export interface JobStep {
  at: number;
  kind: "start" | "stop" | "failed";
  state: JobState;
  /** The sentence of the server, such as what ended it. */
  reason: string;
}

/** The steps of a job that belong on a time line: it ran, ran again, was stopped, ended. */
export function jobSteps(job: Job | undefined): JobStep[] {
  return (job?.history ?? []).flatMap((step): JobStep[] => {
    const at = new Date(step.at).getTime() / 1000;
    const reason = step.reason || step.cause;
    if (step.state === "running") return [{ at, kind: "start", state: step.state, reason }];
    if (step.state === "stopping" || step.state === "stopped")
      return [{ at, kind: "stop", state: step.state, reason }];
    if (step.state === "failed" || step.state === "lost")
      return [{ at, kind: "failed", state: step.state, reason }];
    return [];
  });
}
