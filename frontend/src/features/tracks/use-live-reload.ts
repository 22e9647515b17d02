// "Reload data": while the page is seen, the server says what changed, and only that is asked for again: at once after a
// rest, then at most once a period. When it cannot be heard, all that is shown is asked for each period.
import { useDocumentVisibility } from "@mantine/hooks";
import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { listenToEvents } from "@/api/events";
import { isTouched, Pacer, type Pending, setLive } from "@/lib/live";
import { isReloadPeriod, usePreferences } from "@/lib/preferences";

// An open console is followed line by line, whatever the period.
const CONSOLE_PERIOD_MS = 200;
// A table of tracks changes with every point of each of them.
const SHORTEST_PROJECT_PERIOD_MS = 1000;

interface Target {
  track?: string;
  project?: string;
  /** Also while "Reload data" is off. */
  isAlways?: boolean;
}

export function useLiveReload({ track, project, isAlways = false }: Target): void {
  const queryClient = useQueryClient();
  const { reloadOn, reloadPeriodS } = usePreferences();
  const isVisible = useDocumentVisibility() === "visible";
  const isOn = isVisible && (isAlways || (reloadOn && isReloadPeriod(reloadPeriodS)));
  const periodMs = isAlways ? SHORTEST_PROJECT_PERIOD_MS : reloadPeriodS * 1000;
  useEffect(() => {
    if (!isOn) return;
    const reload = (isWanted: (query: Query) => boolean) => (pending: Pending) =>
      queryClient.invalidateQueries(
        { predicate: (query) => isWanted(query) && isTouched(query.queryKey, pending) },
        // After a connect the first answers may still be on their way; they are as good as new ones.
        { cancelRefetch: pending !== "all" },
      );
    const isConsole = (query: Query) => query.queryKey[0] === "console";
    const pacers = [
      new Pacer(
        reload((query) => !isConsole(query)),
        track ? periodMs : Math.max(periodMs, SHORTEST_PROJECT_PERIOD_MS),
      ),
      new Pacer(reload(isConsole), CONSOLE_PERIOD_MS),
    ];
    const stop = listenToEvents(
      { track, project },
      {
        onChange: (change) => {
          for (const pacer of pacers) pacer.add(change);
        },
        onLive: setLive,
      },
    );
    return () => {
      stop();
      for (const pacer of pacers) pacer.stop();
    };
  }, [queryClient, isOn, periodMs, track, project]);
}
