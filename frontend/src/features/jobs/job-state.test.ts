import { describe, expect, it } from "vitest";
import type { Job, JobState } from "@/api/types";
import { canStop, hasEnded, jobSteps } from "./job-state";

const job = (state: JobState, history: JobState[] = []) =>
  ({
    state,
    history: history.map((one, index) => ({
      state: one,
      at: new Date(index * 1000).toISOString(),
      cause: `cause ${index}`,
      reason: "",
      actor: "",
    })),
  }) as unknown as Job;

describe("jobs", () => {
  it.each([
    ["queued", true, false],
    ["running", true, false],
    ["stopping", false, false],
    ["succeeded", false, true],
    ["lost", false, true],
  ] as const)("%s: can be stopped %s, has ended %s", (state, stops, ended) => {
    expect(canStop(job(state))).toBe(stops);
    expect(hasEnded(job(state))).toBe(ended);
  });
  it("put on the time line what people look for there", () => {
    const steps = jobSteps(job("failed", ["queued", "starting", "running", "stopping", "failed"]));
    expect(steps.map((step) => [step.at, step.kind])).toEqual([
      [2, "start"],
      [3, "stop"],
      [4, "failed"],
    ]);
    expect(jobSteps(undefined)).toEqual([]);
  });
});
