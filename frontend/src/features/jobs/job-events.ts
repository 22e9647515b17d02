// The steps of a job that a chart marks on its time line. Pure.
import type { JobDetail, JobState } from "@/api/jobs";

export interface JobEvent {
  /** Unix seconds. */
  at: number;
  kind: "start" | "stop" | "failed" | "lost";
  label: string;
}

const KINDS: Partial<Record<JobState, JobEvent["kind"]>> = {
  running: "start",
  stopping: "stop",
  stopped: "stop",
  failed: "failed",
  lost: "lost",
};

export function jobEvents(
  history: JobDetail["history"],
  say: (state: JobState) => string,
): readonly JobEvent[] {
  return history.flatMap(({ state, at, cause }) => {
    const kind = KINDS[state];
    if (!kind) return [];
    const word = say(state);
    return [{ at: new Date(at).getTime() / 1000, kind, label: cause ? `${word}: ${cause}` : word }];
  });
}
