// "Reload data" without waiting: while the page is seen, the server says what changed and only that is asked for again.
// When it cannot be heard, the period of "Reload data" holds as ever.
import { useDocumentVisibility } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { listenToEvents } from "@/api/events";
import { isTouched, Pacer, setLive } from "@/lib/live";
import { usePreferences } from "@/lib/preferences";

const TRACK_PAUSE_MS = 200;
// A table of tracks changes with every point of each of them.
const PROJECT_PAUSE_MS = 1000;

export function useLiveReload({ track, project }: { track?: string; project?: string }): void {
  const queryClient = useQueryClient();
  const { reloadOn } = usePreferences();
  const isVisible = useDocumentVisibility() === "visible";
  useEffect(() => {
    if (!reloadOn || !isVisible) return;
    const pacer = new Pacer(
      (pending) =>
        queryClient.invalidateQueries(
          { predicate: (query) => isTouched(query.queryKey, pending) },
          // After a connect the first answers may still be on their way; they are as good as new ones.
          { cancelRefetch: pending !== "all" },
        ),
      track ? TRACK_PAUSE_MS : PROJECT_PAUSE_MS,
    );
    const stop = listenToEvents(
      { track, project },
      { onChange: (change) => pacer.add(change), onLive: setLive },
    );
    return () => {
      stop();
      pacer.stop();
    };
  }, [queryClient, reloadOn, isVisible, track, project]);
}
