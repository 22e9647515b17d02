// The time now, told anew each second to whoever shows how long something has been going on; one clock for all of them.
import { useSyncExternalStore } from "react";

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const rest = () => () => {};

/** Milliseconds since 1970, going on only while it is wanted. */
export function useNow(isGoing: boolean): number {
  return useSyncExternalStore(isGoing ? subscribe : rest, () => now);
}
