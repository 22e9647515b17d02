// How series are looked at: what of it is in the address, and back.
import type { XKind } from "@/api/types";
import { fromAddress, type TrackSearch, toAddress } from "@/lib/url-state";

export interface SeriesView {
  x: XKind;
  smoothing: number;
  isLog: boolean;
  /** The y range leaves out the lowest and highest five percent. */
  isRobust: boolean;
  range: [number, number] | null;
}

export function viewFromSearch(search: TrackSearch): SeriesView {
  const x = search.x ?? "step";
  const lo = fromAddress(x, search.lo);
  const hi = fromAddress(x, search.hi);
  return {
    x,
    smoothing: search.smooth ?? 0,
    isLog: search.ylog ?? false,
    isRobust: search.out ?? false,
    range: lo !== undefined && hi !== undefined ? [lo, hi] : null,
  };
}

/** What of the address changes when so much of the view does. */
export function searchFromView(change: Partial<SeriesView>, x: XKind): Partial<TrackSearch> {
  const search: Partial<TrackSearch> = {};
  // Another axis counts in other units, so the zoomed range cannot be kept.
  if (change.x)
    Object.assign(search, { x: change.x === "step" ? undefined : change.x, lo: undefined, hi: undefined });
  if (change.smoothing !== undefined) search.smooth = change.smoothing || undefined;
  if (change.isLog !== undefined) search.ylog = change.isLog || undefined;
  if (change.isRobust !== undefined) search.out = change.isRobust || undefined;
  if (change.range !== undefined) {
    search.lo = change.range ? toAddress(x, change.range[0]) : undefined;
    search.hi = change.range ? toAddress(x, change.range[1]) : undefined;
  }
  return search;
}
