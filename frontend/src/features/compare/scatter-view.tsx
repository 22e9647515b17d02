// Any parameter or metric against any other: a point a track, which leads to it.
import { Select } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { TrackRow } from "@/api/listing";
import { formatValue } from "@/lib/format";
import { trackColour } from "@/lib/palette";
import { makeAxis } from "./axes";
import classes from "./compare.module.css";

interface Props {
  tracks: readonly TrackRow[];
  columns: readonly string[];
  x: string | undefined;
  y: string | undefined;
  onChange: (axes: { sx?: string; sy?: string }) => void;
}

const HEIGHT = 460;
const LEFT = 104;
const RIGHT = 36;
const TOP = 16;
const BOTTOM = 52;
const RADIUS = 6;

export function ScatterView({ tracks, columns, x, y, onChange }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { ref, width } = useElementSize<HTMLDivElement>();
  const axes = useMemo(
    () =>
      [x, y].map((column) =>
        column
          ? makeAxis(
              column,
              tracks.map((track) => track.values[column]),
            )
          : null,
      ),
    [x, y, tracks],
  );
  const [xAxis, yAxis] = axes;
  // A little air, so that no point lies on the frame.
  const aired = (place: number) => 0.03 + 0.94 * place;
  const xOf = (place: number) => LEFT + aired(place) * Math.max(100, width - LEFT - RIGHT);
  const yOf = (place: number) => TOP + (1 - aired(place)) * (HEIGHT - TOP - BOTTOM);
  const drawn =
    xAxis && yAxis
      ? tracks.flatMap((track) => {
          const at = [xAxis.place(track.values[xAxis.column]), yAxis.place(track.values[yAxis.column])];
          return at[0] === null || at[1] === null ? [] : { track, x: xOf(at[0] ?? 0), y: yOf(at[1] ?? 0) };
        })
      : [];
  return (
    <div className={classes.tab}>
      <div className={classes.tools}>
        <Select
          label={t("compare.xAxis")}
          searchable
          limit={80}
          w={260}
          data={[...columns]}
          value={x ?? null}
          onChange={(value) => onChange({ sx: value ?? undefined })}
        />
        <Select
          label={t("compare.yAxis")}
          searchable
          limit={80}
          w={260}
          data={[...columns]}
          value={y ?? null}
          onChange={(value) => onChange({ sy: value ?? undefined })}
        />
      </div>
      <div ref={ref} className={`card ${classes.svg}`}>
        {drawn.length === 0 ? (
          <div className={classes.none}>{t("compare.noPoint")}</div>
        ) : (
          // biome-ignore lint/a11y/useSemanticElements: a drawing of links, no form.
          <svg
            width={Math.max(width, 200)}
            height={HEIGHT}
            role="group"
            aria-label={t("compare.scatterLabel", { x: x?.slice(2), y: y?.slice(2), n: drawn.length })}
          >
            {xAxis?.ticks.slice(0, 12).map((tick) => (
              <g key={tick.label} className={classes.axis}>
                <line x1={xOf(tick.at)} x2={xOf(tick.at)} y1={TOP} y2={HEIGHT - BOTTOM} />
                <text x={xOf(tick.at)} y={HEIGHT - BOTTOM + 18} textAnchor="middle">
                  {tick.label.slice(0, 14)}
                </text>
              </g>
            ))}
            {yAxis?.ticks.slice(0, 20).map((tick) => (
              <g key={tick.label} className={classes.axis}>
                <line x1={LEFT} x2={xOf(1)} y1={yOf(tick.at)} y2={yOf(tick.at)} />
                <text x={LEFT - 8} y={yOf(tick.at) + 4} textAnchor="end">
                  {tick.label.slice(0, 12)}
                </text>
              </g>
            ))}
            <text
              transform={`translate(16 ${yOf(0.5)}) rotate(-90)`}
              textAnchor="middle"
              className={classes.axisName}
            >
              {y?.slice(2)}
            </text>
            <text x={xOf(0.5)} y={HEIGHT - 10} textAnchor="middle" className={classes.axisName}>
              {x?.slice(2)}
            </text>
            {drawn.map((point) => (
              // biome-ignore lint/a11y/useSemanticElements: an anchor of SVG cannot use the router.
              <circle
                key={point.track.track_id}
                className={classes.point}
                cx={point.x}
                cy={point.y}
                r={RADIUS}
                fill={trackColour(point.track.number)}
                tabIndex={0}
                role="link"
                aria-label={`${point.track.name}: ${formatValue(point.track.values[x ?? ""])}, ${formatValue(point.track.values[y ?? ""])}`}
                onClick={() => void navigate({ to: "/t/$track", params: { track: point.track.track_id } })}
                onKeyDown={(event) => {
                  if (event.key === "Enter")
                    void navigate({ to: "/t/$track", params: { track: point.track.track_id } });
                }}
              >
                <title>{`${point.track.name}\n${x?.slice(2)}: ${formatValue(point.track.values[x ?? ""])}\n${y?.slice(2)}: ${formatValue(point.track.values[y ?? ""])}`}</title>
              </circle>
            ))}
          </svg>
        )}
      </div>
    </div>
  );
}
