// Zoom and pan by pointer: drag, double click, Alt with the wheel, Shift with a drag.
import type uPlot from "uplot";

export interface PlotEvents {
  onZoom?: (lo: number, hi: number) => void;
  onReset?: () => void;
  onCursor?: (plot: uPlot) => void;
}

const WHEEL_STEP = 1.25;
const SETTLE_MS = 150;

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
