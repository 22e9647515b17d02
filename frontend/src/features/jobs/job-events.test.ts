import { expect, it } from "vitest";
import type { JobDetail } from "@/api/jobs";
import { jobEvents } from "./job-events";

const step = (state: JobDetail["state"], seconds: number, cause = ""): JobDetail["history"][number] => ({
  state,
  at: new Date(seconds * 1000).toISOString(),
  cause,
  reason: "",
  actor: "",
});

it("marks what a curve may show: start, stop, end; not the queue and not a good end", () => {
  const history = [
    step("queued", 1),
    step("starting", 2),
    step("running", 3),
    step("stopping", 4, "asked"),
    step("stopped", 5, "SIGTERM"),
  ];
  expect(jobEvents(history, (state) => state)).toEqual([
    { at: 3, kind: "start", label: "running" },
    { at: 4, kind: "stop", label: "stopping: asked" },
    { at: 5, kind: "stop", label: "stopped: SIGTERM" },
  ]);
  expect(
    jobEvents(
      [step("failed", 9, "out of memory"), step("lost", 10), step("succeeded", 11)],
      (state) => state,
    ),
  ).toEqual([
    { at: 9, kind: "failed", label: "failed: out of memory" },
    { at: 10, kind: "lost", label: "lost" },
  ]);
});
