// Taste of one person on one machine, in localStorage: reload, panes, time zone, pins. Never in the address.
import { useSyncExternalStore } from "react";
import { setTimeZone, type TimeZone } from "./format";
import { useIsLive } from "./live";

export interface Preferences {
  reloadOn: boolean;
  reloadPeriodS: number;
  treeWidth: number;
  isTreeOpen: boolean;
  timeZone: TimeZone;
  /** Single keys, such as R, do something. */
  hasKeys: boolean;
  /** Keys that stay on top of the tree, by project. */
  pins: Record<string, string[]>;
  console: { isWrapped: boolean; times: ConsoleTimes; isSpoken: boolean };
}
export type ConsoleTimes = "none" | "clock" | "relative";

const STORAGE_KEY = "mlsteam-track-preferences";
const DEFAULTS: Preferences = {
  reloadOn: false,
  reloadPeriodS: 5,
  treeWidth: 320,
  isTreeOpen: true,
  timeZone: "local",
  hasKeys: true,
  pins: {},
  console: { isWrapped: false, times: "none", isSpoken: false },
};
export const MIN_RELOAD_S = 1;
export const MAX_RELOAD_S = 3600;

let current: Preferences = read();
setTimeZone(current.timeZone);
const listeners = new Set<() => void>();

function read(): Preferences {
  try {
    const stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}") as Partial<Preferences>;
    return { ...DEFAULTS, ...stored };
  } catch {
    return DEFAULTS;
  }
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  setTimeZone(current.timeZone);
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(current));
  } catch {
    // A browser without storage keeps the choice until the tab closes.
  }
  for (const listener of listeners) listener();
}

export function isReloadPeriod(seconds: unknown): seconds is number {
  return typeof seconds === "number" && seconds >= MIN_RELOAD_S && seconds <= MAX_RELOAD_S;
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** For keys of one page; it is drawn anew with whatever changes its own state. */
export const areKeysOn = () => current.hasKeys;
/** Told to the window to open the search for everything from wherever its button is. */
export const OPEN_PALETTE = "mlsteam-open-palette";

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => current);
}

/** What is told by nobody, such as a signal that was lost, and notices that never came. */
const LIVE_PERIOD_S = 30;

/**
 * The period for `refetchInterval`, or false. TanStack Query itself pauses it while the tab is hidden.
 * While the server tells what changes, asking on top of it is only a safety net.
 */
export function useReloadInterval(): number | false {
  const { reloadOn, reloadPeriodS } = usePreferences();
  const isLive = useIsLive();
  if (!reloadOn || !isReloadPeriod(reloadPeriodS)) return false;
  return (isLive ? Math.max(reloadPeriodS, LIVE_PERIOD_S) : reloadPeriodS) * 1000;
}

const JOBS_PERIOD_MS = 5000;

/** The same for pages whose matter is what jobs do now: they are live whether "Reload data" is on or not. */
export function useJobsInterval(): number {
  return useIsLive() ? LIVE_PERIOD_S * 1000 : JOBS_PERIOD_MS;
}
