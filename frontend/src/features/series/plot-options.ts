// How uPlot draws series. The only file that knows uPlot's options; colours come from the page's tokens.
import uPlot from "uplot";
import type { XKind } from "@/api/types";
import { formatDuration, formatNumber, formatTicks, formatTimeTicks } from "@/lib/format";
import type { PlacedEvent } from "./chart-events";
import { faded, lineColour, lineDash, type PlotColours } from "./plot-colours";
import { bindings, type PlotEvents, zoomByTouch, zoomByWheel } from "./plot-gestures";
import { drawMarks } from "./plot-marks";
import { type NonFinite, robustRange } from "./series-data";

export interface PlotStyle {
  x: XKind;
  isLog: boolean;
  isRobust: boolean;
  isSmoothed: boolean;
  isCompact: boolean;
  nLines: number;
  hasBand: boolean;
  language: string;
  syncKey: string;
  width: number;
  height: number;
}

/** What is drawn over the lines; looked up at each drawing, so a new one does not cost a new chart. */
export interface PlotMarks {
  events: readonly PlacedEvent[];
  nonFinite: readonly NonFinite[];
  /** Lines that are switched off. */
  hidden: ReadonlySet<number>;
}

// The columns of each line that are given to uPlot, behind x: raw, smoothed, min, max.
export const COLUMNS_PER_LINE = 4;
export const rawColumn = (line: number) => 1 + line * COLUMNS_PER_LINE;
const FONT = "11px system-ui, sans-serif";

export function plotOptions(
  style: PlotStyle,
  colours: PlotColours,
  events: PlotEvents,
  marks: () => PlotMarks,
): uPlot.Options {
  const axis = {
    stroke: colours.text,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
    font: FONT,
  };
  const isTime = style.x === "time";
  return {
    width: style.width,
    height: style.height,
    legend: { show: false },
    padding: style.isCompact ? [8, 10, 0, 0] : [18, 16, 0, 4],
    scales: {
      x: { time: isTime, range: (_plot, min, max) => wideEnough(min, max) },
      y: style.isLog ? { distr: 3, range: logRange(style) } : { range: linearRange(style) },
    },
    axes: [
      {
        ...axis,
        size: isTime ? 38 : 26,
        space: style.isCompact ? 64 : 84,
        values: (_plot, ticks, _axis, _space, apart) =>
          isTime
            ? formatTimeTicks(ticks, apart, style.language)
            : style.x === "relative"
              ? ticks.map((tick) => xText("relative", tick))
              : formatTicks(ticks),
        ...(style.x === "step" && { incrs: stepIncrements }),
      },
      {
        ...axis,
        size: yAxisSize,
        space: style.isCompact ? 26 : 38,
        // Powers of ten do not share a unit.
        values: (_plot, ticks) =>
          style.isLog ? ticks.flatMap((tick) => formatTicks([tick])) : formatTicks(ticks),
      },
    ],
    series: [
      {},
      ...Array.from({ length: style.nLines }, (_, line) => lineSeries(style, colours, line)).flat(),
    ],
    bands: style.hasBand ? bands(style, colours) : [],
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: { size: 7, fill: (_plot: uPlot, index: number) => pointColour(colours, index) },
      sync: { key: style.syncKey, scales: ["x", null] },
      bind: bindings(events),
    },
    hooks: {
      ready: [(plot) => zoomByWheel(plot, events), (plot) => zoomByTouch(plot, events)],
      draw: [(plot) => drawMarks(plot, colours, marks(), style.isCompact)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width === 0) return;
          const [lo, hi] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (lo < hi) events.onZoom?.(lo, hi);
        },
      ],
      setCursor: [(plot) => events.onCursor?.(plot)],
    },
  };
}

function lineSeries(style: PlotStyle, colours: PlotColours, line: number): uPlot.Series[] {
  const colour = lineColour(colours, line);
  const dash = lineDash(line);
  const edge: uPlot.Series = {
    stroke: "transparent",
    width: 0,
    show: style.hasBand,
    points: { show: false },
  };
  return [
    {
      stroke: style.isSmoothed ? faded(colour, 0.3) : colour,
      width: style.isSmoothed ? 1 : 1.6,
      dash: style.isSmoothed ? undefined : dash,
      points: { size: 5, fill: colour, stroke: colour },
    },
    { stroke: colour, width: 2, dash, show: style.isSmoothed, points: { show: false } },
    edge,
    edge,
  ];
}

const bands = (style: PlotStyle, colours: PlotColours): uPlot.Band[] =>
  Array.from({ length: style.nLines }, (_, line) => ({
    series: [rawColumn(line) + 3, rawColumn(line) + 2],
    fill: faded(lineColour(colours, line), style.nLines > 3 ? 0.08 : 0.16),
  }));

const pointColour = (colours: PlotColours, series: number) =>
  lineColour(colours, Math.floor((series - 1) / COLUMNS_PER_LINE));

const INCREMENTS = [...Array(16).keys()].flatMap((power) => [1, 2, 5].map((one) => one * 10 ** power));
const PARTS = [...Array(12).keys()]
  .reverse()
  .flatMap((power) => [1, 2, 5].map((one) => one / 10 ** (power + 1)));

/** Between whole steps there is nothing to mark. */
function stepIncrements(plot: uPlot): number[] {
  return plot.data[0].every(Number.isInteger) ? INCREMENTS : [...PARTS, ...INCREMENTS];
}

/** One single x still needs a left and a right. */
function wideEnough(min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  if (min < max) return [min, max];
  const air = Math.max(Math.abs(min) * 0.01, 0.5);
  return [min - air, max + air];
}

const isNumber = (value: unknown): value is number => typeof value === "number";

/** What the shown lines hold within the shown x. */
function shownValues(plot: uPlot): number[] {
  const found: number[] = [];
  const [first, last] = plot.series[0]?.idxs ?? [0, plot.data[0].length - 1];
  for (let column = 1; column < plot.data.length; column += COLUMNS_PER_LINE) {
    if (plot.series[column]?.show === false) continue;
    const values = plot.data[column];
    for (let index = first; index <= last; index++) {
      const value = values?.[index];
      if (isNumber(value)) found.push(value);
    }
  }
  return found;
}

/** A little air above and below, also around a line that is constant. */
const linearRange =
  (style: PlotStyle) =>
  (plot: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax => {
    const robust = style.isRobust ? robustRange(shownValues(plot)) : null;
    const [low, high] = robust ?? [min, max];
    if (low === null || high === null) return [0, 1];
    const air = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - air, high + air];
  };

const logRange =
  (style: PlotStyle) =>
  (plot: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax => {
    const robust = style.isRobust ? robustRange(shownValues(plot)) : null;
    const [low, high] = robust ?? [min, max];
    if (low === null || high === null || low <= 0) return [0.1, 1];
    return uPlot.rangeLog(low, high, 10, false);
  };

/** As wide as the widest number needs. */
function yAxisSize(plot: uPlot, values: string[] | null): number {
  if (!values) return 50;
  plot.ctx.save();
  plot.ctx.font = FONT;
  const widest = Math.max(...values.map((value) => plot.ctx.measureText(value ?? "").width));
  plot.ctx.restore();
  return Math.max(40, Math.ceil(widest) + 16);
}

export function xText(x: XKind, value: number): string {
  return x === "relative" ? formatDuration(value) : formatNumber(value);
}
