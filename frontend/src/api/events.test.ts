import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listenToEvents, retryAfter } from "./events";
import type { Change } from "./types";

class FakeSource extends EventTarget {
  readyState = 0;
  constructor(readonly url: string) {
    super();
  }
  close() {
    this.readyState = 2;
  }
  say(name: string, data = "{}") {
    this.readyState = 1;
    this.dispatchEvent(new MessageEvent(name, { data }));
  }
  fail(readyState: number) {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }
}

describe("listening", () => {
  const sources: FakeSource[] = [];
  let changes: (Change | "all")[] = [];
  let live: boolean[] = [];
  const start = () =>
    listenToEvents(
      { track: "t" },
      { onChange: (change) => changes.push(change), onLive: (is) => live.push(is) },
      (url) => {
        const source = new FakeSource(url);
        sources.push(source);
        return source as unknown as EventSource;
      },
    );
  beforeEach(() => {
    vi.useFakeTimers();
    sources.length = 0;
    changes = [];
    live = [];
  });
  afterEach(() => void vi.useRealTimers());

  it("passes changes on, and asks for all after each hello", () => {
    const stop = start();
    expect(sources[0]?.url).toMatch(/\/api\/v3\/events\?track=t$/);
    sources[0]?.say("hello");
    const change = { track_id: "t", project_id: "p", keys: ["a"], kinds: ["data"] };
    sources[0]?.say("changed", JSON.stringify(change));
    sources[0]?.say("resync");
    expect(changes).toEqual(["all", change, "all"]);
    expect(live).toEqual([true]);
    stop();
    expect(sources[0]?.readyState).toBe(2);
    expect(live).toEqual([true, false]);
  });
  it("leaves a lost stream to the browser", async () => {
    start();
    sources[0]?.say("hello");
    sources[0]?.fail(0);
    expect(live).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sources).toHaveLength(1);
    sources[0]?.say("hello");
    expect(live).toEqual([true, false, true]);
  });
  it("waits longer after each failure, and not all at once", () => {
    expect(retryAfter(0, 1)).toBe(1000);
    expect(retryAfter(0, 0)).toBe(500);
    expect(retryAfter(2, 1)).toBe(2250);
    expect(retryAfter(50, 1)).toBe(30_000);
  });
  it("opens a refused stream again, ever more slowly, until it is stopped", async () => {
    const stop = start();
    for (let tries = 1; tries <= 4; tries++) {
      sources.at(-1)?.fail(2);
      await vi.advanceTimersByTimeAsync(30_000);
      expect(sources).toHaveLength(tries + 1);
    }
    sources.at(-1)?.fail(2);
    stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(sources).toHaveLength(5);
    expect(changes).toEqual([]);
  });
});
