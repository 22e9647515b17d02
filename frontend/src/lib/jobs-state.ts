// What the address means on the pages of jobs. Invalid values fall back silently.
import type { JobState } from "@/api/jobs";

export interface SubmissionSearch {
  /** Only the jobs that stand there. */
  state?: JobState;
}

const STATES: readonly unknown[] = [
  "queued",
  "starting",
  "running",
  "stopping",
  "succeeded",
  "failed",
  "stopped",
  "lost",
] satisfies JobState[];

export function parseSubmissionSearch(raw: Record<string, unknown>): SubmissionSearch {
  return { state: STATES.includes(raw.state) ? (raw.state as JobState) : undefined };
}

/** The number of a run in an address, or 0, which no run has. */
export function parseRunNumber(text: string): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}
