// One series on a canvas: asks for as many buckets as fit, draws line, pale raw line and min/max band.
// Exchanging the chart library touches this folder's plot-options.ts and use-plot.ts only.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type uPlot from "uplot";
import { seriesQuery } from "@/api/series";
import type { XKind } from "@/api/types";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatDate, formatNumber, formatValue } from "@/lib/format";
import { useReloadInterval } from "@/lib/preferences";
import { smooth } from "@/lib/smoothing";
import { xText } from "./plot-options";
import classes from "./series.module.css";
import { onlyPositive, type SeriesColumns, toColumns } from "./series-data";
import { usePlot } from "./use-plot";

export interface SeriesView {
  x: XKind;
  smoothing: number;
  isLog: boolean;
  range: [number, number] | null;
}

interface Props {
  trackId: string;
  seriesKey: string;
  view: SeriesView;
  height: number;
  isCompact?: boolean;
  onZoom?: (lo: number, hi: number) => void;
  onReset?: () => void;
}

const BUCKETS = 1000;
const COMPACT_BUCKETS = 200;

/** The query of a chart and of everything that is written around it, so both share one answer. */
export function useSeries(trackId: string, seriesKey: string, view: SeriesView, isCompact = false) {
  const [from, to] = view.range ?? [];
  const buckets = isCompact ? COMPACT_BUCKETS : BUCKETS;
  return useQuery({
    ...seriesQuery(trackId, seriesKey, { x: view.x, from, to, buckets }),
    // The last picture stays only while the same series is cut anew; another key starts empty.
    placeholderData: (before, query) => (query?.queryKey[2] === seriesKey ? before : undefined),
    refetchInterval: useReloadInterval(),
  });
}

export function SeriesChart({ trackId, seriesKey, view, height, isCompact = false, onZoom, onReset }: Props) {
  const { t, i18n } = useTranslation();
  const answer = useSeries(trackId, seriesKey, view, isCompact);
  const series = answer.data?.series[0];
  const columns = useMemo(() => (series ? toColumns(series) : null), [series]);
  if (answer.isError && !series)
    return <ErrorPanel error={answer.error} onRetry={() => void answer.refetch()} />;
  if (!series || !columns)
    return <div style={{ height }}>{!isCompact && <RowSkeleton rows={1} height={height - 40} />}</div>;
  if (columns.x.length === 0) {
    return (
      <div className={classes.none} style={{ height }}>
        {t("series.noPoints")}
      </div>
    );
  }
  const label = t("series.summary", {
    key: seriesKey,
    n: series.n_stored,
    last: formatValue(series.last?.value),
  });
  return (
    <Plot
      columns={columns}
      view={view}
      height={height}
      isCompact={isCompact}
      label={label}
      language={i18n.language}
      onZoom={onZoom}
      onReset={onReset}
    />
  );
}

interface PlotProps extends Pick<Props, "view" | "height" | "onZoom" | "onReset"> {
  columns: SeriesColumns;
  isCompact: boolean;
  label: string;
  language: string;
}

function Plot({ columns, view, height, isCompact, label, language, onZoom, onReset }: PlotProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const smoothed = useMemo(() => smooth(columns.value, view.smoothing), [columns, view.smoothing]);
  const data = useMemo((): uPlot.AlignedData => {
    const toAxis = view.isLog ? onlyPositive : (values: (number | null)[]) => values;
    const empty = columns.x.map(() => null);
    return [
      columns.x,
      toAxis(columns.value),
      view.smoothing > 0 ? toAxis(smoothed) : empty,
      columns.min ? toAxis(columns.min) : empty,
      columns.max ? toAxis(columns.max) : empty,
    ];
  }, [columns, smoothed, view.isLog, view.smoothing]);
  const ref = usePlot(
    {
      x: view.x,
      isLog: view.isLog,
      hasBand: columns.min !== null,
      isSmoothed: view.smoothing > 0,
      isCompact,
      language,
      height,
    },
    data,
    view.range,
    { onZoom, onReset, onCursor: isCompact ? undefined : setCursor },
  );
  const at = cursor === null ? undefined : columns.x[cursor];
  return (
    <div className={classes.chart}>
      <div ref={ref} role="img" aria-label={label} style={{ height }} />
      {!isCompact && (
        <div className={classes.readout} aria-hidden>
          {cursor !== null && at !== undefined && (
            <>
              <span>{view.x === "time" ? formatDate(at, language) : xText(view.x, at)}</span>
              <strong>{formatValue(columns.value[cursor])}</strong>
              {view.smoothing > 0 && <span>≈ {formatValue(smoothed[cursor])}</span>}
              {columns.min && columns.max && (
                <span>
                  {formatValue(columns.min[cursor])} – {formatValue(columns.max[cursor])}
                </span>
              )}
            </>
          )}
        </div>
      )}
      {!isCompact && columns.nonFinite.length > 0 && (
        <div className={classes.marks} aria-hidden>
          {columns.nonFinite.slice(0, 12).map((mark) => (
            <span key={`${mark.x}`} title={`${formatNumber(mark.x)}: ${mark.value}`}>
              {formatValue(mark.value)} @{" "}
              {view.x === "time" ? formatDate(mark.x, language) : xText(view.x, mark.x)}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
