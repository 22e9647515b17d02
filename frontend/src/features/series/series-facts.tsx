// What a series says in words, above its chart.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Series } from "@/api/types";
import { formatCount, formatDate, formatValue } from "@/lib/format";
import { xText } from "./plot-options";
import classes from "./series.module.css";
import { toColumns } from "./series-data";
import type { SeriesView } from "./series-view";

export function SeriesFacts({ series, view }: { series: Series; view: SeriesView }) {
  const { t, i18n } = useTranslation();
  const columns = useMemo(() => toColumns(series), [series]);
  const isText = series.type === "str";
  const placeOf = (at: number) =>
    view.x === "time"
      ? formatDate(at, i18n.language)
      : view.x === "relative"
        ? t("series.atRelative", { time: xText("relative", at) })
        : t("series.atStep", { step: formatValue(at) });
  const count = (n: number) => formatCount(n, i18n.language);
  const nDrawn = isText ? series.n_drawn : columns.x.length;
  return (
    <dl className={classes.facts}>
      {series.last && !isText && (
        <Fact
          name={t("series.last")}
          value={formatValue(series.last.value)}
          place={view.x === "step" && series.last.step !== null ? placeOf(series.last.step) : ""}
        />
      )}
      {columns.lowest && (
        <Fact
          name={t("series.min")}
          value={formatValue(columns.lowest.value)}
          place={placeOf(columns.lowest.x)}
        />
      )}
      {columns.highest && (
        <Fact
          name={t("series.max")}
          value={formatValue(columns.highest.value)}
          place={placeOf(columns.highest.x)}
        />
      )}
      <div>
        <dt className="phone-hidden" />
        <dd>
          {t("series.drawn", {
            count: series.n_stored,
            drawn: count(nDrawn),
            stored: count(series.n_stored),
          })}
          {view.range && !isText && ` · ${t("series.inRange", { n: count(series.n_drawn) })}`}
          {!series.is_exact && ` · ${t("series.inexact")}`}
        </dd>
      </div>
      {series.n_nonfinite > 0 && (
        <div className={classes.warn}>
          <dd>{t("series.nonFinite", { count: series.n_nonfinite })}</dd>
        </div>
      )}
      {view.isLog && columns.lowest && columns.lowest.value <= 0 && (
        <div className={classes.warn}>
          <dd>{t("series.logHidden")}</dd>
        </div>
      )}
    </dl>
  );
}

function Fact({ name, value, place }: { name: string; value: string; place: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong> {place}
      </dd>
    </div>
  );
}
