// The stretch of an axis that lines must go through: drawn with the pointer, or moved with the arrow keys.
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type Axis, type Band, bandAfter } from "./axes";
import classes from "./compare.module.css";

interface Props {
  axis: Axis;
  band: Band | undefined;
  top: number;
  height: number;
  onChange: (band: Band | undefined) => void;
}

const HALF_PX = 12;
// A press that moves no further takes the band away.
const PRESS_PX = 4;

export function AxisBand({ axis, band, top, height, onChange }: Props) {
  const { t } = useTranslation();
  const from = useRef<number | null>(null);
  const placeOf = (event: PointerEvent<SVGRectElement>) => {
    const { top: edge } = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, 1 - (event.clientY - edge) / height));
  };
  const draw = (event: PointerEvent<SVGRectElement>) => {
    if (from.current === null) return;
    const to = placeOf(event);
    const isPress = Math.abs(to - from.current) * height < PRESS_PX;
    onChange(isPress ? undefined : [Math.min(from.current, to), Math.max(from.current, to)]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = bandAfter(event.key, event.shiftKey, band);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    onChange(next);
  };
  const name = axis.column.slice(2);
  return (
    <>
      <rect
        className={classes.reach}
        role="slider"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={t("compare.range", { axis: name })}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round((band?.[1] ?? 1) * 100)}
        aria-valuetext={
          band
            ? t("compare.rangeText", { from: axis.label(band[0]), to: axis.label(band[1]) })
            : t("compare.rangeAll")
        }
        x={-HALF_PX}
        y={top}
        width={2 * HALF_PX}
        height={height}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = placeOf(event);
        }}
        onPointerMove={draw}
        onPointerUp={(event) => {
          draw(event);
          from.current = null;
        }}
        onPointerCancel={() => {
          from.current = null;
        }}
      />
      {band && (
        <rect
          className={classes.band}
          x={-HALF_PX / 2}
          y={top + (1 - band[1]) * height}
          width={HALF_PX}
          height={Math.max(2, (band[1] - band[0]) * height)}
        />
      )}
    </>
  );
}
