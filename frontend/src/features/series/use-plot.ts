// Keeps one uPlot alive in an element: made anew when its look changes, given new data without a flicker otherwise.
import { useComputedColorScheme } from "@mantine/core";
import { type RefObject, useEffect, useRef } from "react";
import uPlot from "uplot";
import { plotColours } from "./plot-colours";
import type { PlotEvents } from "./plot-gestures";
import { COLUMNS_PER_LINE, type PlotMarks, type PlotStyle, plotOptions, rawColumn } from "./plot-options";

export function usePlot(
  element: RefObject<HTMLDivElement | null>,
  style: PlotStyle,
  data: uPlot.AlignedData,
  range: [number, number] | null,
  marks: PlotMarks,
  events: PlotEvents,
): RefObject<uPlot | null> {
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ data, events, marks, range });
  latest.current = { data, events, marks, range };
  const scheme = useComputedColorScheme("light");
  const { x, isLog, isRobust, hasBand, isSmoothed, isCompact, nLines, language, syncKey, width, height } =
    style;
  const canZoom = events.onZoom !== undefined;
  const isMeasured = width > 0;
  const size = useRef({ width, height });
  size.current = { width, height };

  useEffect(() => {
    const target = element.current;
    if (!target || !isMeasured) return;
    // Handlers are looked up when they fire, so a new one does not cost a new chart.
    const made = new uPlot(
      plotOptions(
        { x, isLog, isRobust, hasBand, isSmoothed, isCompact, nLines, language, syncKey, ...size.current },
        plotColours(scheme),
        {
          onZoom: canZoom ? (from, to) => latest.current.events.onZoom?.(from, to) : undefined,
          onReset: () => latest.current.events.onReset?.(),
          onCursor: (changed) => latest.current.events.onCursor?.(changed),
        },
        () => latest.current.marks,
      ),
      latest.current.data,
      target,
    );
    plot.current = made;
    show(made, latest.current.data, latest.current.range, latest.current.marks.hidden, [
      true,
      isSmoothed,
      hasBand,
      hasBand,
    ]);
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [
    element,
    isMeasured,
    x,
    isLog,
    isRobust,
    hasBand,
    isSmoothed,
    isCompact,
    nLines,
    language,
    syncKey,
    scheme,
    canZoom,
  ]);

  const [lo, hi] = range ?? [];
  // biome-ignore lint/correctness/useExhaustiveDependencies: lo and hi stand for the range, whose object changes with each drawing.
  useEffect(() => {
    if (plot.current) show(plot.current, data, range, marks.hidden, [true, isSmoothed, hasBand, hasBand]);
  }, [data, lo, hi, marks.hidden]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new marks are drawn by looking them up.
  useEffect(() => {
    plot.current?.redraw(false, false);
  }, [marks.events, marks.nonFinite]);

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);

  return plot;
}

function show(
  plot: uPlot,
  data: uPlot.AlignedData,
  range: [number, number] | null,
  hidden: ReadonlySet<number>,
  isUsed: readonly boolean[],
): void {
  plot.batch(() => {
    if (plot.data !== data) plot.setData(data, false);
    const nLines = (plot.series.length - 1) / COLUMNS_PER_LINE;
    for (let line = 0; line < nLines; line++) {
      for (const [offset, used] of isUsed.entries()) {
        const column = rawColumn(line) + offset;
        const isShown = used && !hidden.has(line);
        if (plot.series[column]?.show !== isShown) plot.setSeries(column, { show: isShown });
      }
    }
    const xs = data[0];
    const [lo, hi] = range ?? [xs[0] ?? 0, xs[xs.length - 1] ?? 1];
    plot.setScale("x", { min: lo, max: hi });
  });
}
