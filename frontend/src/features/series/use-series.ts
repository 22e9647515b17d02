// The query of a chart and of everything that is written around it, so that all share one answer.
import { useQuery } from "@tanstack/react-query";
import { type SeriesRange, seriesQuery } from "@/api/series";
import type { Series } from "@/api/types";
import { useReloadInterval } from "@/lib/preferences";
import type { SeriesView } from "./series-view";

const MOST_BUCKETS = 4000;
const COMPACT_BUCKETS = 240;

/** One bucket a pixel, in steps of a hundred: a pane that is dragged must not ask for each width. */
export const bucketsFor = (width: number) =>
  Math.min(MOST_BUCKETS, Math.max(200, Math.ceil(width / 100) * 100));

export function useSeries(
  trackId: string,
  keys: readonly string[],
  view: SeriesView,
  width: number | "compact",
) {
  const [from, to] = view.range ?? [];
  const buckets = width === "compact" ? COMPACT_BUCKETS : bucketsFor(width);
  return useQuery({
    ...seriesQuery(trackId, keys, { x: view.x, from, to, buckets }),
    enabled: width !== 0,
    // The last picture stays only while the same series are cut anew; other keys start empty.
    placeholderData: (before, query) => {
      const [, , oldKeys, oldRange] = query?.queryKey ?? [];
      const isSame = String(oldKeys) === String(keys) && (oldRange as SeriesRange | undefined)?.x === view.x;
      return isSame ? before : undefined;
    },
    refetchInterval: useReloadInterval(),
  });
}

/** What stands before a zoomed window, one window wide, for smoothing to come from; undefined where none is needed. */
export function useLead(
  trackId: string,
  keys: readonly string[],
  view: SeriesView,
  width: number | "compact",
): readonly Series[] | undefined {
  const [lo, hi] = view.range ?? [0, 0];
  const isWanted = view.range !== null && view.smoothing > 0 && width !== 0;
  const buckets = width === "compact" ? COMPACT_BUCKETS : bucketsFor(width);
  const lead = useQuery({
    ...seriesQuery(trackId, keys, { x: view.x, from: lo - (hi - lo), to: lo, buckets }),
    enabled: isWanted,
    // That of another window would bend the line.
    placeholderData: undefined,
  });
  return isWanted ? lead.data?.series : undefined;
}
