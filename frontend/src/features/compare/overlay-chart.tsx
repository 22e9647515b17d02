// One metric of many tracks: lines on one grid, their cursor linked with the other charts, a range by dragging.
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import { overlayQuery } from "@/api/overlay";
import type { XKind } from "@/api/types";
import { ErrorPanel } from "@/components/error-panel";
import { formatDate, formatDuration, formatNumber } from "@/lib/format";
import { trackColour, trackDash } from "@/lib/palette";
import classes from "./compare.module.css";
import { type DrawnLine, groupedLines, type Named, trackLines } from "./lines";

interface Props {
  project: string;
  metric: string;
  tracks: readonly Named[];
  looks: ReadonlyMap<string, { colour: number; round: number }>;
  groupOf: ((trackId: string) => string | null) | null;
  x: XKind;
  smoothing: number;
  isLog: boolean;
  range: [number, number] | null;
  refetchInterval: number | false;
  onRange: (range: [number, number] | null) => void;
}

const HEIGHT = 280;
const BUCKETS = 400;
const MOST_NAMED = 10;
const FEWEST_PX = 6;

export function OverlayChart(props: Props) {
  const { project, metric, tracks, looks, groupOf, x, smoothing, isLog, range, onRange } = props;
  const { t, i18n } = useTranslation();
  const ids = useMemo(() => tracks.map((track) => track.track_id), [tracks]);
  const answer = useQuery({
    ...overlayQuery(project, {
      track_ids: ids,
      key: metric,
      x,
      lo: range?.[0],
      hi: range?.[1],
      buckets: BUCKETS,
    }),
    enabled: ids.length > 0,
    refetchInterval: props.refetchInterval,
  });
  const { data } = answer;
  const lines = useMemo(() => {
    if (!data) return [];
    const named = new Map(tracks.map((track) => [track.track_id, track]));
    return groupOf
      ? groupedLines(data.lines, groupOf, smoothing)
      : trackLines(data.lines, named, looks, smoothing);
  }, [data, tracks, looks, groupOf, smoothing]);
  const [cursor, setCursor] = useState<{ at: number; y: number } | null>(null);
  const ref = useOverlayPlot(
    data?.at ?? [],
    lines,
    { x, isLog, language: i18n.language },
    onRange,
    setCursor,
  );
  const nPoints = data?.lines.reduce((sum, line) => sum + line.n_drawn, 0) ?? 0;
  return (
    <section className={`card ${classes.chart}`} aria-label={metric}>
      <div className={classes.chartHead}>
        <h2 className="cut" title={metric}>
          {metric}
        </h2>
        <span className="dim num">
          {t("compare.points", { lines: lines.length, n: formatNumber(nPoints) })}
        </span>
      </div>
      {answer.isError && !data ? (
        <ErrorPanel error={answer.error} onRetry={() => void answer.refetch()} />
      ) : (
        <div className={classes.plot} style={{ minHeight: HEIGHT }}>
          <div
            ref={ref}
            role="img"
            aria-label={t("compare.chartLabel", { metric, n: lines.length })}
            style={{ height: HEIGHT }}
          />
          {data && lines.length === 0 && <div className={classes.none}>{t("compare.noLine")}</div>}
          {cursor && data && <Readout at={cursor.at} y={cursor.y} x={x} places={data.at} lines={lines} />}
        </div>
      )}
    </section>
  );
}

function Readout({
  at,
  y,
  x,
  places,
  lines,
}: {
  at: number;
  y: number;
  x: XKind;
  places: readonly number[];
  lines: readonly DrawnLine[];
}) {
  const { t, i18n } = useTranslation();
  const here = lines
    .flatMap((line) => {
      const value = nearest(line.values, at);
      return value === null ? [] : [{ line, value }];
    })
    .sort((a, b) => Math.abs(a.value - y) - Math.abs(b.value - y));
  const place = places[at];
  if (here.length === 0 || place === undefined) return null;
  return (
    <div className={classes.readout} aria-hidden>
      <div className="dim">
        {x === "time"
          ? formatDate(place, i18n.language)
          : x === "relative"
            ? formatDuration(place)
            : `${t("series.step")} ${formatNumber(Math.round(place))}`}
      </div>
      {here.slice(0, MOST_NAMED).map(({ line, value }, index) => (
        <div key={line.id} className={classes.readoutRow} data-nearest={index === 0}>
          <span className={classes.swatch} style={{ background: trackColour(line.colour) }} />
          <span className="cut">{line.label}</span>
          <strong className="num">{formatNumber(value)}</strong>
        </div>
      ))}
      {here.length > MOST_NAMED && (
        <div className="dim">{t("tracks.deleteMore", { n: here.length - MOST_NAMED })}</div>
      )}
    </div>
  );
}

/** The value at a column, or the nearest one within a few columns: tracks do not log at the same steps. */
function nearest(values: readonly (number | null)[], at: number): number | null {
  for (let far = 0; far <= 12; far++) {
    const found = values[at - far] ?? values[at + far];
    if (found !== null && found !== undefined) return found;
  }
  return null;
}

interface Look {
  x: XKind;
  isLog: boolean;
  language: string;
}

function useOverlayPlot(
  at: readonly number[],
  lines: readonly DrawnLine[],
  { x, isLog, language }: Look,
  onRange: (range: [number, number] | null) => void,
  onCursor: (cursor: { at: number; y: number } | null) => void,
) {
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const element = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(sizeRef, element);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ onRange, onCursor });
  latest.current = { onRange, onCursor };
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
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [width > 0, x, isLog, language, scheme, shape]);
  useEffect(() => plot.current?.setData(data), [data]);
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height: HEIGHT });
  }, [width]);
  return ref;
}

function overlayOptions(
  lines: readonly DrawnLine[],
  look: Look & { width: number; height: number },
  latest: {
    current: {
      onRange: (range: [number, number] | null) => void;
      onCursor: (cursor: { at: number; y: number } | null) => void;
    };
  },
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
      width: 1.5,
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
            : (_plot, ticks) =>
                ticks.map((tick) => (look.x === "relative" ? formatDuration(tick) : formatNumber(tick))),
      },
      {
        ...axis,
        size: 58,
        values: (_plot, ticks) => ticks.map((tick) => (tick === null ? "" : formatNumber(tick))),
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
