// One metric of many tracks: lines on one grid, their cursor linked with the other charts, a range by dragging.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type OverlayQuestion, overlayQuery } from "@/api/overlay";
import type { XKind } from "@/api/types";
import { ErrorPanel } from "@/components/error-panel";
import { formatDate, formatDuration, formatNumber } from "@/lib/format";
import { trackColour } from "@/lib/palette";
import classes from "./compare.module.css";
import { type DrawnLine, groupedLines, type Named, trackLines } from "./lines";
import { HEIGHT, useOverlayPlot } from "./use-overlay-plot";

interface Props {
  project: string;
  metric: string;
  tracks: readonly Named[];
  hidden: ReadonlySet<string>;
  looks: ReadonlyMap<string, { colour: number; round: number }>;
  groupOf: ((trackId: string) => string | null) | null;
  x: XKind;
  smoothing: number;
  isLog: boolean;
  range: [number, number] | null;
  refetchInterval: number | false;
  onRange: (range: [number, number] | null) => void;
}

// Lines of many tracks hide each other's detail; a zoom brings it back.
const BUCKETS = 400;
const BUCKETS_OF_MANY = 200;
const MANY = 40;
const MOST_NAMED = 10;
const NO_PLACES: readonly number[] = [];
const PREPARE_MS = 300;

export function OverlayChart(props: Props) {
  const { project, metric, tracks, hidden, looks, groupOf, x, smoothing, isLog, range, onRange } = props;
  const { t, i18n } = useTranslation();
  // Of hidden tracks, too: showing one again asks nothing, and the grid stays.
  const ids = useMemo(() => tracks.map((track) => track.track_id), [tracks]);
  const buckets = ids.length > MANY ? BUCKETS_OF_MANY : BUCKETS;
  const question: OverlayQuestion = { project, track_ids: ids, key: metric, x, buckets };
  const answer = useQuery({
    ...overlayQuery({ ...question, lo: range?.[0], hi: range?.[1] }),
    enabled: ids.length > 0,
    refetchInterval: props.refetchInterval,
  });
  usePreparedAxis(question, answer.isSuccess && !answer.isPlaceholderData);
  const { data } = answer;
  const lines = useMemo(() => {
    if (!data) return [];
    const named = new Map(tracks.map((track) => [track.track_id, track]));
    const shown = data.lines.filter((line) => !hidden.has(line.track_id));
    return groupOf ? groupedLines(shown, groupOf, smoothing) : trackLines(shown, named, looks, smoothing);
  }, [data, tracks, hidden, looks, groupOf, smoothing]);
  const [cursor, setCursor] = useState<{ at: number; y: number } | null>(null);
  // Until an answer for another axis is here, the picture stays what it was, its axis included.
  const drawnX = data?.x ?? x;
  const ref = useOverlayPlot(
    data?.at ?? NO_PLACES,
    lines,
    { x: drawnX, isLog, language: i18n.language },
    { onRange, onCursor: setCursor },
  );
  const nPoints =
    data?.lines.reduce((sum, line) => sum + (hidden.has(line.track_id) ? 0 : line.n_drawn), 0) ?? 0;
  return (
    <section className={`card ${classes.chart}`} aria-label={metric} data-x={drawnX}>
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
          {cursor && data && (
            <Readout at={cursor.at} y={cursor.y} x={drawnX} places={data.at} lines={lines} />
          )}
        </div>
      )}
    </section>
  );
}

/** Fetches the whole of the other axis once the first picture stands, so that a look at it is there at once. */
function usePreparedAxis(question: OverlayQuestion, isDrawn: boolean): void {
  const queryClient = useQueryClient();
  const other = question.x === "step" ? "time" : "step";
  const { project, key, track_ids, buckets } = question;
  useEffect(() => {
    if (!isDrawn) return;
    const timer = setTimeout(() => {
      const prepared = overlayQuery({ project, key, track_ids, buckets, x: other });
      // What has been there once is good enough to be shown first.
      void queryClient.prefetchQuery({ ...prepared, staleTime: Number.POSITIVE_INFINITY });
    }, PREPARE_MS);
    return () => clearTimeout(timer);
  }, [queryClient, project, key, track_ids, buckets, other, isDrawn]);
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
