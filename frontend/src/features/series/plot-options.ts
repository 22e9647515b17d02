// How uPlot draws a series. The only file that knows uPlot's options; colours come from the page's tokens.
import type uPlot from "uplot";
import type { XKind } from "@/api/types";
import { formatDuration, formatNumber } from "@/lib/format";

export interface PlotStyle {
  x: XKind;
  isLog: boolean;
  hasBand: boolean;
  isSmoothed: boolean;
  isCompact: boolean;
  language: string;
  width: number;
  height: number;
}

export interface PlotEvents {
  onZoom?: (lo: number, hi: number) => void;
  onReset?: () => void;
  onCursor?: (index: number | null) => void;
}

// The order of the columns given to uPlot: x, raw, smoothed, min, max.
const MIN = 3;
const MAX = 4;
const FEWEST_PX_TO_ZOOM = 6;

export function plotOptions(style: PlotStyle, events: PlotEvents): uPlot.Options {
  const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const probe = colourProbe(token);
  const [line, pale, band, grid, text] = ["line", "pale", "band", "grid", "text"].map((name) =>
    probe(`--chart-${name}`),
  );
  const axis = {
    stroke: text,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  return {
    width: style.width,
    height: style.height,
    legend: { show: false },
    padding: style.isCompact ? [6, 8, 0, 0] : [12, 16, 0, 4],
    scales: { x: { time: style.x === "time" }, y: style.isLog ? { distr: 3 } : { range: roomy } },
    axes: [
      {
        ...axis,
        // A time axis has a second line with the date.
        size: style.x === "time" ? 42 : 28,
        space: style.isCompact ? 70 : 80,
        values: style.x === "time" ? undefined : (_plot, ticks) => ticks.map((tick) => xText(style.x, tick)),
      },
      { ...axis, size: 58, space: style.isCompact ? 28 : 40, values: (_plot, ticks) => ticks.map(yText) },
    ],
    series: [
      {},
      {
        stroke: style.isSmoothed ? pale : line,
        width: style.isSmoothed ? 1 : 1.6,
        points: { size: 5, fill: line },
      },
      { stroke: line, width: 1.8, show: style.isSmoothed, points: { show: false } },
      { stroke: "transparent", show: style.hasBand, points: { show: false } },
      { stroke: "transparent", show: style.hasBand, points: { show: false } },
    ],
    bands: style.hasBand ? [{ series: [MAX, MIN], fill: band }] : [],
    cursor: {
      show: !style.isCompact,
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, fill: line },
      // The server cuts the range anew, so a double click must not only rescale what is already here.
      bind: {
        dblclick: () => () => {
          events.onReset?.();
          return null;
        },
      },
    },
    hooks: {
      setSelect: [
        (plot) => {
          if (plot.select.width < FEWEST_PX_TO_ZOOM) return;
          const lo = plot.posToVal(plot.select.left, "x");
          const hi = plot.posToVal(plot.select.left + plot.select.width, "x");
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          events.onZoom?.(lo, hi);
        },
      ],
      setCursor: [(plot) => events.onCursor?.(plot.cursor.idx ?? null)],
    },
  };
}

/** A little air above and below, also around a line that is constant. */
function roomy(_plot: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  const air = (max - min || Math.abs(max) || 1) * 0.06;
  return [min - air, max + air];
}

export function xText(x: XKind, value: number): string {
  return x === "relative" ? formatDuration(value) : formatNumber(value);
}

const yText = (value: number | null) => (value === null ? "" : formatNumber(value));

/** A canvas needs a finished colour: `light-dark()` is resolved by asking an element that uses it. */
function colourProbe(token: (name: string) => string) {
  return (name: string) => {
    const element = document.createElement("span");
    element.style.color = token(name);
    document.body.append(element);
    const colour = getComputedStyle(element).color;
    element.remove();
    return colour;
  };
}
