// The same numbers as rows, newest first; also the only view of a series of strings.
import { useTranslation } from "react-i18next";
import type { Numeric, Scalar, Series } from "@/api/types";
import { formatDate, formatValue } from "@/lib/format";
import classes from "./series.module.css";

const MOST_ROWS = 1000;

interface Row {
  index: number;
  step: Numeric;
  time: Numeric;
  value: Scalar;
  low?: Numeric;
  high?: Numeric;
}

function toRows({ points, buckets }: Series): Row[] {
  const rows: Row[] = points
    ? points.value.map((value, index) => ({
        index,
        step: points.step?.[index] ?? points.x[index] ?? null,
        time: points.time?.[index] ?? null,
        value,
      }))
    : (buckets?.last ?? []).flatMap((value, index) =>
        buckets?.count[index] === 0
          ? []
          : [
              {
                index,
                step: buckets?.x[index] ?? null,
                time: null,
                value,
                low: buckets?.min[index],
                high: buckets?.max[index],
              },
            ],
      );
  return rows.reverse().slice(0, MOST_ROWS);
}

export function SeriesTable({ series, xLabel }: { series: Series; xLabel: string }) {
  const { t, i18n } = useTranslation();
  const rows = toRows(series);
  const isBucketed = series.buckets !== null;
  return (
    <div className={`card ${classes.table}`}>
      <table className="rows num">
        <thead>
          <tr>
            <th>{isBucketed ? xLabel : t("series.step")}</th>
            {!isBucketed && <th className="phone-hidden">{t("series.time")}</th>}
            <th>{t("series.value")}</th>
            {isBucketed && <th>{t("series.min")}</th>}
            {isBucketed && <th>{t("series.max")}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.index}>
              <td>{formatValue(row.step)}</td>
              {!isBucketed && (
                <td className="phone-hidden dim">
                  {typeof row.time === "number" ? formatDate(row.time, i18n.language) : "—"}
                </td>
              )}
              <td style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{formatValue(row.value)}</td>
              {isBucketed && <td>{formatValue(row.low)}</td>}
              {isBucketed && <td>{formatValue(row.high)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
