// Taste of one person on one machine, in localStorage: reload, pane width. Never in the address.
import { useSyncExternalStore } from "react";

export interface Preferences {
  reloadOn: boolean;
  reloadPeriodS: number;
  treeWidth: number;
}

const STORAGE_KEY = "mlsteam-track-preferences";
const DEFAULTS: Preferences = { reloadOn: false, reloadPeriodS: 5, treeWidth: 320 };
export const MIN_RELOAD_S = 1;
export const MAX_RELOAD_S = 3600;

let current: Preferences = read();
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

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => current);
}

/** The period for `refetchInterval`, or false. TanStack Query itself pauses it while the tab is hidden. */
export function useReloadInterval(): number | false {
  const { reloadOn, reloadPeriodS } = usePreferences();
  return reloadOn && isReloadPeriod(reloadPeriodS) ? reloadPeriodS * 1000 : false;
}
