// The whole view of one series: toolbar, what it says in words, chart or table.
import { Stack } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Series } from "@/api/types";
import { formatValue } from "@/lib/format";
import { fromAddress, type TrackSearch, toAddress } from "@/lib/url-state";
import classes from "./series.module.css";
import { SeriesChart, type SeriesView, useSeries } from "./series-chart";
import { toColumns } from "./series-data";
import { SeriesTable } from "./series-table";
import { SeriesToolbar } from "./series-toolbar";

interface Props {
  trackId: string;
  seriesKey: string;
  isText: boolean;
  search: TrackSearch;
  onSearch: (change: Partial<TrackSearch>) => void;
}

export function viewFromSearch(search: TrackSearch): SeriesView {
  const x = search.x ?? "step";
  const lo = fromAddress(x, search.lo);
  const hi = fromAddress(x, search.hi);
  return {
    x,
    smoothing: search.smooth ?? 0,
    isLog: search.ylog ?? false,
    range: lo !== undefined && hi !== undefined ? [lo, hi] : null,
  };
}

export function SeriesPanel({ trackId, seriesKey, isText, search, onSearch }: Props) {
  const { t } = useTranslation();
  const view = useMemo(() => viewFromSearch(search), [search]);
  const answer = useSeries(trackId, seriesKey, view);
  const series = answer.data?.series[0];
  const isTable = isText || search.as === "table";
  const reset = () => onSearch({ lo: undefined, hi: undefined });
  return (
    <Stack gap={4}>
      {series && <SeriesFacts series={series} view={view} />}
      {answer.data?.losses.map((loss) => (
        <div key={`${loss.key}-${loss.first_at}`} style={{ color: "var(--warn)" }}>
          {t("series.lost", { n: loss.count, reason: loss.reason })}
        </div>
      ))}
      <SeriesToolbar
        trackId={trackId}
        seriesKey={seriesKey}
        view={view}
        isTable={isTable}
        isText={isText}
        onReset={reset}
        onChange={(change) =>
          onSearch({
            // Another axis counts in other units, so the zoomed range cannot be kept.
            ...(change.x
              ? { x: change.x === "step" ? undefined : change.x, lo: undefined, hi: undefined }
              : {}),
            ...(change.smoothing !== undefined ? { smooth: change.smoothing || undefined } : {}),
            ...(change.isLog !== undefined ? { ylog: change.isLog || undefined } : {}),
            ...(change.isTable !== undefined ? { as: change.isTable ? "table" : undefined } : {}),
          })
        }
      />
      {isTable && series ? (
        <SeriesTable series={series} xLabel={t(`series.${view.x}`)} />
      ) : (
        <div className="card" style={{ padding: "12px 8px 8px" }}>
          <SeriesChart
            trackId={trackId}
            seriesKey={seriesKey}
            view={view}
            height={380}
            onReset={reset}
            onZoom={(lo, hi) => onSearch({ lo: toAddress(view.x, lo), hi: toAddress(view.x, hi) })}
          />
        </div>
      )}
    </Stack>
  );
}

function SeriesFacts({ series, view }: { series: Series; view: SeriesView }) {
  const { t } = useTranslation();
  const columns = useMemo(() => toColumns(series), [series]);
  const place = (at: number | string | null | undefined) =>
    view.x === "step" && at !== null && at !== undefined
      ? ` ${t("series.atStep", { step: formatValue(at) })}`
      : "";
  return (
    <div className={classes.facts}>
      {series.last && series.type !== "str" && (
        <span>
          {t("series.last")} <strong>{formatValue(series.last.value)}</strong>
          {place(series.last.step)}
        </span>
      )}
      {columns.lowest && (
        <span>
          {t("series.min")} <strong>{formatValue(columns.lowest.value)}</strong>
          {place(columns.lowest.x)}
        </span>
      )}
      {columns.highest && (
        <span>
          {t("series.max")} <strong>{formatValue(columns.highest.value)}</strong>
          {place(columns.highest.x)}
        </span>
      )}
      <span>
        {series.n_drawn < series.n_stored
          ? t("series.drawn", { drawn: series.n_drawn, stored: series.n_stored })
          : t("series.points", { count: series.n_stored })}
      </span>
      {series.n_nonfinite > 0 && (
        <span style={{ color: "var(--warn)" }}>{t("series.nonFinite", { count: series.n_nonfinite })}</span>
      )}
      {view.isLog && columns.lowest && columns.lowest.value <= 0 && <span>{t("series.logHidden")}</span>}
    </div>
  );
}
