// What the lines hold at the cursor: beside it on a large chart, in the corner of a small one. The nearest line is first.
import { useTranslation } from "react-i18next";
import { formatDate, formatValue } from "@/lib/format";
import { N_COLOURS } from "./plot-colours";
import { xText } from "./plot-options";
import classes from "./series.module.css";
import type { SeriesView } from "./series-view";

interface Row {
  line: number;
  key: string;
  value: number | null;
  smoothed: number | null;
  low: number | null;
  high: number | null;
}

interface Props {
  x: number;
  left: number;
  top: number;
  width: number;
  view: SeriesView;
  isCompact: boolean;
  rows: readonly Row[];
}

const MOST_ROWS = 20;

export function ChartReadout({ x, left, top, width, view, isCompact, rows }: Props) {
  const { t, i18n } = useTranslation();
  const place = view.x === "time" ? formatDate(x, i18n.language) : xText(view.x, x);
  const [first] = rows;
  if (!first) return null;
  if (isCompact) {
    return (
      <div className={classes.corner} aria-hidden>
        {place} <strong>{formatValue(first.value)}</strong>
      </div>
    );
  }
  const isRight = left < width / 2;
  const side = isRight ? { left: left + 16 } : { right: width - left + 16 };
  return (
    <div className={classes.readout} style={{ ...side, top: Math.max(8, top - 20) }} role="status">
      <div className={classes.readoutX}>
        {t(`series.${view.x}`)} {place}
      </div>
      {rows.slice(0, MOST_ROWS).map((row) => (
        <div key={row.line} className={classes.readoutRow}>
          <Swatch line={row.line} />
          {rows.length > 1 && <span className={classes.readoutKey}>{row.key}</span>}
          <strong>{formatValue(row.value)}</strong>
          {view.smoothing > 0 && <span>≈ {formatValue(row.smoothed)}</span>}
          {row.low !== null && row.high !== null && row.low !== row.high && (
            <span>
              {formatValue(row.low)} – {formatValue(row.high)}
            </span>
          )}
        </div>
      ))}
      {rows.length > MOST_ROWS && <div>{t("series.more", { n: rows.length - MOST_ROWS })}</div>}
    </div>
  );
}

export function Swatch({ line }: { line: number }) {
  const isDashed = line >= N_COLOURS;
  return (
    <span
      className={classes.swatch}
      style={{ borderTop: `3px ${isDashed ? "dashed" : "solid"} var(--line-${line % N_COLOURS})` }}
      aria-hidden
    />
  );
}
