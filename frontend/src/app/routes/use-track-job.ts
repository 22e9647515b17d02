// The job of a track, if it has one. Its state is always live: a page must not say "running" of what has been stopped.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { hasEnded, type JobDetail, jobQuery } from "@/api/jobs";
import type { Track } from "@/api/types";
import { useIsLive } from "@/lib/live";

const PERIOD_MS = 5000;
/** While somebody waits for it to stop. */
const STOPPING_MS = 1000;

export function useTrackJob(track: Track | undefined): JobDetail | undefined {
  const queryClient = useQueryClient();
  const isLive = useIsLive();
  const trackId = track?.track_id ?? "";
  const answer = useQuery({
    ...jobQuery(trackId),
    // Who logs by the client alone has none, and asking would only be answered with an error.
    enabled: Boolean(track?.job_state),
    placeholderData: undefined,
    refetchInterval: ({ state: { data } }) => {
      if (!data || hasEnded(data.state)) return false;
      return data.state === "stopping" ? STOPPING_MS : isLive ? false : PERIOD_MS;
    },
  });
  const state = answer.data?.state;
  const shown = track?.job_state;
  useEffect(() => {
    if (state && shown && state !== shown)
      void queryClient.invalidateQueries({ queryKey: ["track", trackId] });
  }, [queryClient, trackId, state, shown]);
  const before = useRef(state);
  useEffect(() => {
    // What it had logged by its end is shown with its end: nobody should read of it as if it had logged nothing.
    if (before.current && state && before.current !== state && hasEnded(state))
      void queryClient.invalidateQueries({
        predicate: ({ queryKey: [noun, owner] }) => owner === trackId && noun !== "job",
      });
    before.current = state;
  }, [queryClient, trackId, state]);
  return answer.data;
}
