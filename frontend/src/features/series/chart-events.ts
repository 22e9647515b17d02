// What happened to a track besides its points: losses and steps of its job, placed on the x axis of a chart. Pure.
import type { Loss, Series, XKind } from "@/api/types";

export interface TrackEvent {
  /** Unix seconds. */
  at: number;
  until?: number;
  kind: "start" | "stop" | "failed" | "lost";
  label: string;
}

export interface PlacedEvent extends TrackEvent {
  x: number;
  untilX: number;
}

export function lossEvents(losses: readonly Loss[], say: (loss: Loss) => string): TrackEvent[] {
  return losses.map((loss) => ({ at: loss.first_at, until: loss.last_at, kind: "lost", label: say(loss) }));
}

/** Events that have a place on the axis; on the step axis that takes points whose times are known. */
export function placeEvents(
  events: readonly TrackEvent[],
  x: XKind,
  series: Series | undefined,
  zero: number | null,
): PlacedEvent[] {
  const toX = (at: number): number | null => {
    if (x === "time") return at;
    if (x === "relative") return zero === null ? null : at - zero;
    return stepAt(series, at);
  };
  return events.flatMap((event) => {
    const place = toX(event.at);
    const end = toX(event.until ?? event.at);
    return place === null || end === null ? [] : [{ ...event, x: place, untilX: Math.max(place, end) }];
  });
}

/** Between the steps of the points before and after; null when no point or no time is known. */
export function stepAt(series: Series | undefined, at: number): number | null {
  const points = series?.points;
  if (!points || points.time.length === 0) return null;
  let before = -1;
  let after = -1;
  for (const [index, time] of points.time.entries()) {
    if (time <= at && (before < 0 || time >= (points.time[before] ?? 0))) before = index;
    if (time > at && (after < 0 || time < (points.time[after] ?? 0))) after = index;
  }
  const xBefore = points.x[before];
  const xAfter = points.x[after];
  if (xBefore === undefined) return xAfter ?? null;
  if (xAfter === undefined || xAfter < xBefore) return xBefore;
  const share =
    (at - (points.time[before] ?? at)) / ((points.time[after] ?? at) - (points.time[before] ?? at));
  return xBefore + (xAfter - xBefore) * share;
}

/** When the first point was logged, which is zero of the relative axis; null when the answer does not tell. */
export function zeroTime(series: readonly Series[]): number | null {
  const starts = series.flatMap((one) => {
    const [time] = one.points?.time ?? [];
    const [x] = one.points?.x ?? [];
    return time === undefined || x === undefined ? [] : [time - x];
  });
  return starts.length > 0 ? Math.min(...starts) : null;
}
