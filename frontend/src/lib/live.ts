// What the server says of changes: which queries it touches, and when to ask for them. Pure, but for one flag.
// Guarantees that a busy training never makes the page ask faster than it gets answers.
import { useSyncExternalStore } from "react";
import type { Change } from "@/api/types";

/** Keys by track; null stands for all of its keys. "all" stands for everything. */
export type Pending = Map<string, Set<string> | null> | "all";

const MOST_KEYS = 1000;

/** Among the keys of a track: the track itself has changed, or its job. No key is empty. */
const ITSELF = "";

export function addChange(pending: Pending, change: Change): Pending {
  if (pending === "all") return pending;
  const known = pending.get(change.track_id);
  if (known === null || change.keys === null) return pending.set(change.track_id, null);
  const keys = new Set([...(known ?? []), ...change.keys]);
  if (change.kinds.includes("track")) keys.add(ITSELF);
  return pending.set(change.track_id, keys.size > MOST_KEYS ? null : keys);
}

/** Nouns whose third part is a folder, an entry, series, and what is touched by whatever happens to the track. */
const BELOW: readonly unknown[] = ["level", "leaves", "values"];
const WHOLE: readonly unknown[] = ["track", "writers", "job"];

/** Nouns that show jobs of many tracks; what those log does not change them. */
const OF_JOBS: readonly unknown[] = ["submission", "submissions", "runs", "run"];
/** Where the agent says how far a run's actions are. */
const ACTIONS = "pipeline/";

/** Says whether the answer to a query may be another one now. Query keys are those of `api/`. */
export function isTouched(queryKey: readonly unknown[], pending: Pending): boolean {
  const [noun, owner, what] = queryKey;
  if (noun === "tracks") return pending === "all" || pending.size > 0;
  if (OF_JOBS.includes(noun))
    return pending === "all" || some(pending.values(), (keys) => isOfJobs(keys, noun));
  const isBelow = BELOW.includes(noun);
  const isWhole = WHOLE.includes(noun);
  if (!isBelow && !isWhole && noun !== "entry" && noun !== "series" && noun !== "console") return false;
  if (pending === "all") return true;
  const keys = typeof owner === "string" ? pending.get(owner) : undefined;
  if (keys === undefined) return false;
  if (keys === null || isWhole) return true;
  const name = String(what);
  if (isBelow) return name === "" || some(keys, (key) => key.startsWith(`${name}/`));
  if (noun === "entry") return keys.has(name) || some(keys, (key) => key.startsWith(`${name}/`));
  if (noun === "series") return Array.isArray(what) && what.some((key) => keys.has(String(key)));
  // A console is asked for by the names of its streams, and told of by their keys.
  const streams = name.split("+");
  return some(keys, (key) => streams.some((stream) => key.endsWith(`/${stream}`)));
}

function isOfJobs(keys: ReadonlySet<string> | null, noun: unknown): boolean {
  if (keys === null || keys.has(ITSELF)) return true;
  return noun === "run" && some(keys, (key) => key.startsWith(ACTIONS));
}

function some<T>(found: Iterable<T>, isOne: (one: T) => boolean): boolean {
  for (const one of found) if (isOne(one)) return true;
  return false;
}

/** The rest after a reload that took so long: the period, and a page that is busy a fifth of the time at most. */
export function pauseAfter(tookMs: number, periodMs: number): number {
  return Math.max(periodMs - tookMs, Math.min(30_000, 4 * tookMs));
}

/** Gathers changes and hands them to `reload`: at once when it rests, together when it does not. */
export class Pacer {
  private pending: Pending = new Map();
  private isBusy = false;
  private isStopped = false;

  constructor(
    private readonly reload: (pending: Pending) => Promise<unknown>,
    private readonly periodMs: number,
  ) {}

  add(change: Change | "all"): void {
    this.pending = change === "all" ? "all" : addChange(this.pending, change);
    if (!this.isBusy) void this.work();
  }

  stop(): void {
    this.isStopped = true;
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    while (!this.isStopped && (this.pending === "all" || this.pending.size > 0)) {
      const taken = this.pending;
      this.pending = new Map();
      const started = performance.now();
      await this.reload(taken);
      const pause = pauseAfter(performance.now() - started, this.periodMs);
      await new Promise((resume) => setTimeout(resume, pause));
    }
    this.isBusy = false;
  }
}

let isLive = false;
const listeners = new Set<() => void>();

/** Says that the server tells this page what changes, or that it does not any more. */
export function setLive(value: boolean): void {
  if (isLive === value) return;
  isLive = value;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useIsLive(): boolean {
  return useSyncExternalStore(subscribe, () => isLive);
}
