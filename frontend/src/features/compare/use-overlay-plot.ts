// Keeps one uPlot with a line for each track alive in an element: made anew when its look changes, given new data otherwise.
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import type { XKind } from "@/api/types";
import { formatDuration, formatTicks } from "@/lib/format";
import { trackColour, trackDash } from "@/lib/palette";
import type { DrawnLine } from "./lines";

export const HEIGHT = 280;
const FEWEST_PX = 6;
// A thicket of lines is read better when they are fine, and is drawn in half the time.
const MOST_BOLD = 30;

interface Look {
  x: XKind;
  isLog: boolean;
  language: string;
}

interface Handlers {
  onRange: (range: [number, number] | null) => void;
  onCursor: (cursor: { at: number; y: number } | null) => void;
}

export function useOverlayPlot(
  at: readonly number[],
  lines: readonly DrawnLine[],
  { x, isLog, language }: Look,
  handlers: Handlers,
) {
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const element = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(sizeRef, element);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(handlers);
  latest.current = handlers;
  const scheme = useComputedColorScheme("light");
  const data = useMemo(
    () =>
      [
        at,
        ...lines.flatMap((line) => [
          line.values,
          ...(line.raw ? [line.raw] : []),
          ...(line.low && line.high ? [line.low, line.high] : []),
        ]),
      ] as uPlot.AlignedData,
    [at, lines],
  );
  // As long as the same lines are drawn in the same look, only their data changes.
  const shape = lines
    .map(
      (line) =>
        `${line.id}/${line.colour}/${line.round}/${Number(Boolean(line.raw))}${Number(Boolean(line.low))}`,
    )
    .join("|");
  const held = useRef({ data, lines });
  const drawn = useRef<uPlot.AlignedData | null>(null);
  held.current = { data, lines };
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the lines, `scheme` for the colours.
  useEffect(() => {
    const target = element.current;
    if (!target || width === 0 || held.current.lines.length === 0) return;
    const made = new uPlot(
      overlayOptions(held.current.lines, { x, isLog, language, width, height: HEIGHT }, latest),
      held.current.data,
      target,
    );
    plot.current = made;
    drawn.current = held.current.data;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [width > 0, x, isLog, language, scheme, shape]);
  useEffect(() => {
    // What was made a moment ago was made of them.
    if (drawn.current === data) return;
    drawn.current = data;
    plot.current?.setData(data);
  }, [data]);
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height: HEIGHT });
  }, [width]);
  return ref;
}

function overlayOptions(
  lines: readonly DrawnLine[],
  look: Look & { width: number; height: number },
  latest: { current: Handlers },
): uPlot.Options {
  const colours = new Map<string, string>();
  const resolve = (css: string) => {
    const known = colours.get(css);
    if (known) return known;
    const probe = document.createElement("span");
    probe.style.color = css;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    colours.set(css, found);
    return found;
  };
  const axis = {
    stroke: resolve("var(--chart-text)"),
    grid: { stroke: resolve("var(--chart-grid)"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const line of lines) {
    const colour = resolve(trackColour(line.colour));
    const drawn = {
      stroke: colour,
      width: lines.length > MOST_BOLD ? 1 : 1.5,
      dash: trackDash(line.round * 10),
      spanGaps: true,
      points: { show: false },
    };
    series.push(drawn);
    if (line.raw) series.push({ ...drawn, width: 1, alpha: 0.25 });
    if (line.low && line.high) {
      const base = series.length;
      series.push({ ...drawn, width: 0, dash: undefined }, { ...drawn, width: 0, dash: undefined });
      bands.push({ series: [base + 1, base], fill: colour.replace("rgb(", "rgba(").replace(")", ", 0.14)") });
    }
  }
  return {
    width: look.width,
    height: look.height,
    legend: { show: false },
    padding: [10, 14, 0, 2],
    scales: { x: { time: look.x === "time" }, y: look.isLog ? { distr: 3 } : {} },
    series,
    bands,
    axes: [
      {
        ...axis,
        size: look.x === "time" ? 42 : 28,
        values:
          look.x === "time"
            ? undefined
            : (_plot, ticks) => (look.x === "relative" ? ticks.map(formatDuration) : formatTicks(ticks)),
      },
      {
        ...axis,
        size: 58,
        // Powers of ten do not share a unit.
        values: (_plot, ticks) =>
          look.isLog ? ticks.flatMap((tick) => formatTicks([tick])) : formatTicks(ticks),
      },
    ],
    cursor: {
      sync: { key: "compare" },
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      bind: {
        dblclick: () => () => {
          latest.current.onRange(null);
          return null;
        },
      },
    },
    hooks: {
      setSelect: [
        (plot) => {
          if (plot.select.width < FEWEST_PX) return;
          const lo = plot.posToVal(plot.select.left, "x");
          const hi = plot.posToVal(plot.select.left + plot.select.width, "x");
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.onRange([lo, hi]);
        },
      ],
      setCursor: [
        (plot) => {
          const { idx, top } = plot.cursor;
          latest.current.onCursor(
            idx === null || idx === undefined || top === undefined || top < 0
              ? null
              : { at: idx, y: plot.posToVal(top, "y") },
          );
        },
      ],
    },
  };
}
