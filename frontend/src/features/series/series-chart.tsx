// Series on a canvas: lines, pale raw lines, min/max bands, marks, and a cursor for pointer and keyboard.
// Exchanging the chart library touches this folder's plot-*.ts and use-plot.ts only.
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type uPlot from "uplot";
import type { Series } from "@/api/types";
import { formatValue } from "@/lib/format";
import { smoothBehind } from "@/lib/smoothing";
import type { PlacedEvent } from "./chart-events";
import { ChartReadout } from "./chart-readout";
import { scaledRange, xRange } from "./plot-gestures";
import classes from "./series.module.css";
import { alignColumns, onlyPositive, type SeriesColumns, toColumns } from "./series-data";
import type { SeriesView } from "./series-view";
import { usePlot } from "./use-plot";

interface Props {
  series: readonly Series[];
  /** The same series before the window, for smoothing. */
  lead?: readonly Series[];
  view: SeriesView;
  width: number;
  height: number;
  syncKey: string;
  isCompact?: boolean;
  hidden?: ReadonlySet<number>;
  events?: readonly PlacedEvent[];
  onZoom?: (lo: number, hi: number) => void;
  onReset?: () => void;
  onPlot?: (plot: () => uPlot | null) => void;
}

const NONE: ReadonlySet<number> = new Set();
const NO_EVENTS: readonly PlacedEvent[] = [];
const KEY_STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 };

export function SeriesChart(props: Props) {
  const {
    series,
    lead,
    view,
    width,
    height,
    syncKey,
    isCompact = false,
    hidden = NONE,
    events = NO_EVENTS,
  } = props;
  const { t, i18n } = useTranslation();
  const element = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<{ index: number; left: number; top: number } | null>(null);
  const aligned = useMemo(() => alignColumns(series.map(toColumns)), [series]);
  const before = useMemo(() => valuesBefore(series, lead, aligned.x[0]), [series, lead, aligned]);
  const drawn = useMemo(
    () => toPlotData(aligned, before, view.smoothing, view.isLog),
    [aligned, before, view.smoothing, view.isLog],
  );
  const marks = useMemo(
    () => ({ events, hidden, nonFinite: aligned.lines.flatMap((line) => line.nonFinite) }),
    [events, hidden, aligned],
  );
  const plot = usePlot(
    element,
    {
      x: view.x,
      isLog: view.isLog,
      isRobust: view.isRobust,
      hasBand: aligned.lines.some((line) => line.min !== null),
      isSmoothed: view.smoothing > 0,
      isCompact,
      nLines: series.length,
      language: i18n.language,
      syncKey,
      width,
      height,
    },
    drawn.data,
    view.range,
    marks,
    {
      onZoom: props.onZoom,
      onReset: props.onReset,
      onCursor: ({ cursor: { idx, left = 0, top = 0 } }) =>
        setCursor(typeof idx === "number" && left >= 0 ? { index: idx, left, top } : null),
    },
  );
  props.onPlot?.(() => plot.current);

  const onKeyDown = (event: KeyboardEvent) => {
    const chart = plot.current;
    if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = nextIndex(event, cursor?.index ?? null, aligned.x.length);
    const factor = event.key === "+" || event.key === "=" ? 0.5 : event.key === "-" ? 2 : null;
    if (to !== null) {
      const left = chart.valToPos(aligned.x[to] ?? 0, "x");
      chart.setCursor({ left, top: chart.over.clientHeight / 2 });
    } else if (factor !== null && props.onZoom) {
      const range = xRange(chart);
      const at = cursor ? aligned.x[cursor.index] : undefined;
      if (range) props.onZoom(...scaledRange(...range, at ?? (range[0] + range[1]) / 2, factor));
    } else if (event.key === "Escape" && cursor) chart.setCursor({ left: -10, top: -10 });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const label = series.map((one) => t("series.summary", summaryOf(one))).join("; ");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of a picture and what it says at the cursor, no form fields.
    <div
      className={classes.chart}
      role="group"
      aria-label={t("series.chartOf", { keys: series.map((s) => s.key).join(", ") })}
    >
      <div
        ref={element}
        role="img"
        aria-label={label}
        tabIndex={isCompact ? -1 : 0}
        className={classes.plot}
        style={{ height }}
        onKeyDown={onKeyDown}
      />
      {cursor && (
        <ChartReadout
          x={aligned.x[cursor.index] ?? 0}
          left={cursor.left + (plot.current?.over.offsetLeft ?? 0)}
          top={cursor.top}
          width={width}
          view={view}
          isCompact={isCompact}
          rows={readoutRows(
            series,
            aligned.lines,
            drawn.smoothed,
            cursor.index,
            hidden,
            plot.current,
            cursor.top,
          )}
        />
      )}
    </div>
  );
}

/** What of a series a sentence says. */
const summaryOf = (series: Series) => ({
  key: series.key,
  n: series.n_stored,
  last: formatValue(series.last?.value),
});

function nextIndex(event: KeyboardEvent, at: number | null, length: number): number | null {
  if (length === 0) return null;
  if (event.key === "Home") return 0;
  if (event.key === "End") return length - 1;
  const step = KEY_STEPS[event.key];
  if (step === undefined) return null;
  if (at === null) return step > 0 ? 0 : length - 1;
  return Math.min(length - 1, Math.max(0, at + step * (event.shiftKey ? 10 : 1)));
}

interface PlotData {
  data: uPlot.AlignedData;
  smoothed: (number | null)[][];
}

/** Of each line, what stands before the first place that is drawn. */
function valuesBefore(
  series: readonly Series[],
  lead: readonly Series[] | undefined,
  first: number | undefined,
): (number | null)[][] {
  return series.map(({ key }) => {
    const found = lead?.find((one) => one.key === key);
    if (!found || first === undefined) return [];
    const { x, value } = toColumns(found);
    return value.filter((_, index) => (x[index] ?? first) < first);
  });
}

function toPlotData(
  aligned: { x: number[]; lines: SeriesColumns[] },
  before: readonly (number | null)[][],
  smoothing: number,
  isLog: boolean,
): PlotData {
  const toAxis = isLog ? onlyPositive : (values: (number | null)[]) => values;
  const empty = new Array<null>(aligned.x.length).fill(null);
  const smoothed = aligned.lines.map((line, index) =>
    smoothing > 0 ? smoothBehind(before[index] ?? [], line.value, smoothing) : empty,
  );
  const columns = aligned.lines.flatMap((line, index) => [
    toAxis(line.value),
    toAxis(smoothed[index] ?? empty),
    line.min ? toAxis(line.min) : empty,
    line.max ? toAxis(line.max) : empty,
  ]);
  return { data: [aligned.x, ...columns] as uPlot.AlignedData, smoothed };
}

function readoutRows(
  series: readonly Series[],
  lines: readonly SeriesColumns[],
  smoothed: readonly (number | null)[][],
  index: number,
  hidden: ReadonlySet<number>,
  plot: uPlot | null,
  top: number,
) {
  const rows = series.flatMap((one, line) => {
    const columns = lines[line];
    const value = columns?.value[index];
    if (!columns || value === undefined || hidden.has(line)) return [];
    const near =
      value === null || !plot ? Number.POSITIVE_INFINITY : Math.abs(plot.valToPos(value, "y") - top);
    return [
      {
        line,
        key: one.key,
        value,
        smoothed: smoothed[line]?.[index] ?? null,
        low: columns.min?.[index] ?? null,
        high: columns.max?.[index] ?? null,
        near,
      },
    ];
  });
  return rows.sort((a, b) => a.near - b.near);
}
