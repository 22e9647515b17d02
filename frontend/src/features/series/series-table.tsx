// The same numbers as rows, newest first; also the only view of a series of strings.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Scalar, Series, XKind } from "@/api/types";
import { formatDate, formatValue } from "@/lib/format";
import { xText } from "./plot-options";
import classes from "./series.module.css";
import { alignColumns, toColumns } from "./series-data";

interface Row {
  x: number | string | null;
  time: number | null;
  values: (Scalar | undefined)[];
}

/** One series in full; several by their x, a row where any has a point. */
function toRows(series: readonly Series[]): Row[] {
  const [first] = series;
  if (series.length === 1 && first?.points) {
    const { points } = first;
    return points.value
      .map((value, index) => ({
        x: points.x[index] ?? null,
        time: points.time[index] ?? null,
        values: [value],
      }))
      .reverse();
  }
  const columns = series.map(toColumns);
  const aligned = alignColumns(columns);
  return aligned.x
    .map((x, index) => ({
      x,
      time: null,
      values: aligned.lines.flatMap((line) =>
        line.min ? [line.value[index], line.min[index], line.max?.[index]] : [line.value[index]],
      ),
    }))
    .reverse();
}

const ROW_PX = 34;

export function SeriesTable({ series, xKind }: { series: readonly Series[]; xKind: XKind }) {
  const { t, i18n } = useTranslation();
  const rows = useMemo(() => toRows(series), [series]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
  });
  const hasTimes = rows[0]?.time !== null && xKind !== "time";
  const heads = series.flatMap((one) => {
    const name = series.length > 1 ? one.key : t("series.value");
    return one.buckets ? [name, t("series.min"), t("series.max")] : [name];
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const writeX = (x: Row["x"]) =>
    xKind === "time" && typeof x === "number"
      ? formatDate(x, i18n.language)
      : typeof x === "number"
        ? xText(xKind, x)
        : formatValue(x);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard.
    <section ref={scroller} className={`card ${classes.table}`} tabIndex={0} aria-label={t("series.table")}>
      <table className="rows num" aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            <th>{t(`series.${xKind}`)}</th>
            {hasTimes && <th className="phone-hidden">{t("series.time")}</th>}
            {heads.map((head, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns neither move nor go.
              <th key={index}>{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr style={{ height: before }} aria-hidden />}
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <tr
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                aria-rowindex={item.index + 2}
              >
                <td>{writeX(row.x)}</td>
                {hasTimes && (
                  <td className="phone-hidden dim">
                    {row.time === null ? "—" : formatDate(row.time, i18n.language)}
                  </td>
                )}
                {row.values.map((value, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns neither move nor go.
                  <td key={index} className={classes.cell}>
                    {formatValue(value)}
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 && <tr style={{ height: after }} aria-hidden />}
        </tbody>
      </table>
    </section>
  );
}
