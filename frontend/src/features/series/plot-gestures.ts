// Zoom and pan by pointer: drag, double click, Alt with the wheel, Shift with a drag; by one finger or two.
import type uPlot from "uplot";

export interface PlotEvents {
  onZoom?: (lo: number, hi: number) => void;
  onReset?: () => void;
  onCursor?: (plot: uPlot) => void;
}

const WHEEL_STEP = 1.25;
const SETTLE_MS = 150;
const FINGER_PX = 12;
const TAPS_MS = 350;

export function bindings(events: PlotEvents): uPlot.Cursor.Bind {
  return {
    // The server cuts the range anew, so a double click must not only rescale what is already here.
    dblclick: () => () => {
      events.onReset?.();
      return null;
    },
    mousedown: (plot, _target, handler) => (event: MouseEvent) => {
      if (event.shiftKey && event.button === 0) startPan(plot, event, events);
      else if (events.onZoom) handler(event);
      return null;
    },
  };
}

/** The range around a place, so many times as wide. */
export function scaledRange(lo: number, hi: number, at: number, factor: number): [number, number] {
  return [at - (at - lo) * factor, at + (hi - at) * factor];
}

export function xRange(plot: uPlot): [number, number] | null {
  const { min, max } = plot.scales.x ?? {};
  return typeof min === "number" && typeof max === "number" ? [min, max] : null;
}

/** The old picture is scaled at once; finer points are asked for when the hand rests. */
export function zoomByWheel(plot: uPlot, events: PlotEvents): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  plot.over.addEventListener(
    "wheel",
    (event) => {
      const range = xRange(plot);
      if (!event.altKey || !events.onZoom || !range) return;
      event.preventDefault();
      const at = plot.posToVal(event.offsetX, "x");
      const [lo, hi] = scaledRange(...range, at, event.deltaY > 0 ? WHEEL_STEP : 1 / WHEEL_STEP);
      plot.setScale("x", { min: lo, max: hi });
      clearTimeout(timer);
      timer = setTimeout(() => events.onZoom?.(lo, hi), SETTLE_MS);
    },
    { passive: false },
  );
}

/** One finger selects a range and scrolls the page up and down; two fingers zoom and pan; two taps show all. */
export function zoomByTouch(plot: uPlot, events: PlotEvents): void {
  if (!events.onZoom) return;
  const { over } = plot;
  // The page still scrolls under a finger that moves up or down.
  over.style.touchAction = "pan-y";
  const xOf = (touch: Touch) => touch.clientX - over.getBoundingClientRect().left;
  let pinch: { lo: number; hi: number; values: [number, number] } | null = null;
  let drag: { from: number; to: number } | null = null;
  let tapped = 0;
  const mark = (left: number, width: number) =>
    plot.setSelect({ left, width, top: 0, height: over.clientHeight }, false);
  over.addEventListener(
    "touchstart",
    (event) => {
      const [first, second] = event.touches;
      const range = xRange(plot);
      if (first && second && range) {
        event.preventDefault();
        mark(0, 0);
        drag = null;
        pinch = {
          lo: range[0],
          hi: range[1],
          values: [plot.posToVal(xOf(first), "x"), plot.posToVal(xOf(second), "x")],
        };
      } else if (first) drag = { from: xOf(first), to: xOf(first) };
    },
    { passive: false },
  );
  over.addEventListener(
    "touchmove",
    (event) => {
      const [first, second] = event.touches;
      if (pinch && first && second) {
        event.preventDefault();
        const range = pinchedRange(pinch.values, [xOf(first), xOf(second)], over.clientWidth);
        if (!range) return;
        [pinch.lo, pinch.hi] = range;
        plot.setScale("x", { min: range[0], max: range[1] });
      } else if (drag && first) {
        drag.to = Math.min(over.clientWidth, Math.max(0, xOf(first)));
        if (Math.abs(drag.to - drag.from) > FINGER_PX && event.cancelable) event.preventDefault();
        mark(Math.min(drag.from, drag.to), Math.abs(drag.to - drag.from));
      }
    },
    { passive: false },
  );
  const end = (event: TouchEvent) => {
    if (pinch && event.touches.length < 2) {
      const { lo, hi } = pinch;
      pinch = null;
      events.onZoom?.(lo, hi);
    } else if (drag && event.type === "touchend") {
      const ends = [drag.from, drag.to].sort((a, b) => a - b) as [number, number];
      if (ends[1] - ends[0] > FINGER_PX)
        events.onZoom?.(plot.posToVal(ends[0], "x"), plot.posToVal(ends[1], "x"));
      else if (event.timeStamp - tapped < TAPS_MS) events.onReset?.();
      tapped = event.timeStamp;
    }
    drag = null;
    mark(0, 0);
  };
  over.addEventListener("touchend", end);
  over.addEventListener("touchcancel", end);
}

/** The range in which two values lie under two fingers; null while those are too close to say. */
export function pinchedRange(
  values: readonly [number, number],
  places: readonly [number, number],
  width: number,
): [number, number] | null {
  const apart = places[1] - places[0];
  if (Math.abs(apart) < FINGER_PX) return null;
  const perPx = (values[1] - values[0]) / apart;
  // Fingers that have changed sides would turn the axis round.
  if (!(perPx > 0)) return null;
  const lo = values[0] - places[0] * perPx;
  return [lo, lo + width * perPx];
}

function startPan(plot: uPlot, down: MouseEvent, events: PlotEvents): void {
  const range = xRange(plot);
  if (!range || !events.onZoom) return;
  down.preventDefault();
  const [lo, hi] = range;
  const perPx = (hi - lo) / plot.over.clientWidth;
  let moved = 0;
  const move = (event: MouseEvent) => {
    moved = (down.clientX - event.clientX) * perPx;
    plot.setScale("x", { min: lo + moved, max: hi + moved });
  };
  const up = () => {
    window.removeEventListener("mousemove", move);
    window.removeEventListener("mouseup", up);
    if (moved !== 0) events.onZoom?.(lo + moved, hi + moved);
  };
  window.addEventListener("mousemove", move);
  window.addEventListener("mouseup", up);
}
