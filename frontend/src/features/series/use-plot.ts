// Keeps one uPlot alive in an element: made anew when its look changes, given new data without a flicker otherwise.
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { type PlotEvents, type PlotStyle, plotOptions } from "./plot-options";

export type PlotLook = Omit<PlotStyle, "width">;

export function usePlot(
  look: PlotLook,
  data: uPlot.AlignedData,
  range: [number, number] | null,
  events: PlotEvents,
) {
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const element = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(sizeRef, element);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ data, events });
  latest.current = { data, events };
  const scheme = useComputedColorScheme("light");
  const { x, isLog, hasBand, isSmoothed, isCompact, language, height } = look;
  const isMeasured = width > 0;
  const [lo, hi] = range ?? [];

  // biome-ignore lint/correctness/useExhaustiveDependencies: `scheme` stands for the token colours that are read inside.
  useEffect(() => {
    const target = element.current;
    if (!target || !isMeasured) return;
    const style = { x, isLog, hasBand, isSmoothed, isCompact, language, height, width: target.clientWidth };
    // Handlers are looked up when they fire, so a new one does not cost a new chart.
    const made = new uPlot(
      plotOptions(style, {
        onZoom: (from, to) => latest.current.events.onZoom?.(from, to),
        onReset: () => latest.current.events.onReset?.(),
        onCursor: (index) => latest.current.events.onCursor?.(index),
      }),
      latest.current.data,
      target,
    );
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [isMeasured, x, isLog, hasBand, isSmoothed, isCompact, language, height, scheme]);

  useEffect(() => {
    plot.current?.setData(data);
    if (lo !== undefined && hi !== undefined) plot.current?.setScale("x", { min: lo, max: hi });
  }, [data, lo, hi]);

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);

  return ref;
}
