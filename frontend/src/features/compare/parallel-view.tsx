// Parallel coordinates: an axis a parameter, the metric at the right, a line a track.
import { Button, MultiSelect } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TrackRow } from "@/api/listing";
import { formatValue } from "@/lib/format";
import { trackColour } from "@/lib/palette";
import { type Band, isWithin, makeAxis } from "./axes";
import { AxisBand } from "./axis-band";
import classes from "./compare.module.css";

interface Props {
  tracks: readonly TrackRow[];
  /** What can be an axis. */
  columns: readonly string[];
  /** What is one at first. */
  chosen: readonly string[];
  onChoose: (columns: string[]) => void;
}

const HEIGHT = 420;
const TOP = 44;
const BOTTOM = 16;
const LABEL_CHARS = 16;
const short = (text: string) => (text.length > LABEL_CHARS ? `…${text.slice(-LABEL_CHARS + 1)}` : text);

export function ParallelView({ tracks, columns, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [lit, setLit] = useState<string | null>(null);
  const [bands, setBands] = useState<Readonly<Record<string, Band>>>({});
  const axes = useMemo(
    () =>
      chosen.map((column) =>
        makeAxis(
          column,
          tracks.map((track) => track.values[column]),
        ),
      ),
    [chosen, tracks],
  );
  const drawnWidth = Math.max(width, chosen.length * 110);
  const xOf = (index: number) => 60 + (index * (drawnWidth - 140)) / Math.max(1, axes.length - 1);
  const yOf = (place: number) => TOP + (1 - place) * (HEIGHT - TOP - BOTTOM);
  const within = useMemo(
    () => new Set(tracks.flatMap((one) => (isWithin(axes, bands, one.values) ? one.track_id : []))),
    [tracks, axes, bands],
  );
  const isNarrowed = axes.some((axis) => bands[axis.column]);
  const change = (column: string, band: Band | undefined) =>
    setBands(({ [column]: _, ...others }) => (band ? { ...others, [column]: band } : others));
  const litTrack = tracks.find((track) => track.track_id === lit);
  return (
    <div className={classes.tab}>
      <div className={classes.tools}>
        <MultiSelect
          label={t("compare.axes")}
          searchable
          limit={80}
          maxValues={12}
          style={{ flex: 1, maxWidth: 720 }}
          data={[...columns]}
          value={[...chosen]}
          onChange={onChoose}
        />
        <span className="dim" aria-live="polite">
          {isNarrowed
            ? t("compare.within", { n: within.size, total: tracks.length })
            : t("compare.rangeHint")}
        </span>
        {isNarrowed && (
          <Button size="xs" variant="default" onClick={() => setBands({})}>
            {t("compare.clearRanges")}
          </Button>
        )}
      </div>
      {axes.length < 2 ? (
        <div className={classes.none}>{t("compare.fewAxes")}</div>
      ) : (
        <div ref={ref} className={`card ${classes.svg}`}>
          {/* biome-ignore lint/a11y/useSemanticElements: it is a drawing that holds sliders, not a form. */}
          <svg
            width={drawnWidth}
            height={HEIGHT}
            role="group"
            aria-label={t("compare.parallelLabel", {
              n: tracks.length,
              axes: chosen.map((one) => one.slice(2)).join(", "),
            })}
          >
            {tracks.map((track) => {
              const points = axes.flatMap((axis, index) => {
                const place = axis.place(track.values[axis.column]);
                return place === null ? [] : `${xOf(index)},${yOf(place)}`;
              });
              const isLit = lit === track.track_id;
              const isIn = within.has(track.track_id);
              return (
                <polyline
                  key={track.track_id}
                  points={points.join(" ")}
                  fill="none"
                  stroke={trackColour(track.number)}
                  strokeWidth={isLit ? 3 : 1.5}
                  opacity={isLit ? 1 : !isIn ? 0.06 : lit === null ? 0.75 : 0.12}
                  pointerEvents={isIn ? undefined : "none"}
                  onPointerEnter={() => setLit(track.track_id)}
                  onPointerLeave={() => setLit(null)}
                >
                  <title>{track.name}</title>
                </polyline>
              );
            })}
            {axes.map((axis, index) => (
              <g key={axis.column} transform={`translate(${xOf(index)},0)`} className={classes.axis}>
                <line y1={TOP} y2={HEIGHT - BOTTOM} />
                <AxisBand
                  axis={axis}
                  band={bands[axis.column]}
                  top={TOP}
                  height={HEIGHT - TOP - BOTTOM}
                  onChange={(band) => change(axis.column, band)}
                />
                <text y={20} textAnchor="middle" className={classes.axisName}>
                  <title>{axis.column}</title>
                  {short(axis.column.slice(2))}
                </text>
                {axis.ticks.slice(0, 30).map((tick) => (
                  <text key={tick.label} x={7} y={yOf(tick.at) + 4}>
                    {short(tick.label)}
                  </text>
                ))}
              </g>
            ))}
          </svg>
          <div className={classes.lit} aria-hidden>
            {litTrack &&
              `${litTrack.name}: ${axes.map((axis) => `${axis.column.slice(2)} ${formatValue(litTrack.values[axis.column])}`).join(" · ")}`}
          </div>
        </div>
      )}
    </div>
  );
}
