// The lines of a chart by name: a click shows only that one, Ctrl with a click switches it on or off.
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Series } from "@/api/types";
import { formatValue } from "@/lib/format";
import { Swatch } from "./chart-readout";
import classes from "./series.module.css";

interface Props {
  series: readonly Series[];
  hidden: ReadonlySet<number>;
  onHide: (hidden: ReadonlySet<number>) => void;
  onRemove: (key: string) => void;
}

export function nextHidden(hidden: ReadonlySet<number>, line: number, nLines: number, isToggle: boolean) {
  if (isToggle) {
    const next = new Set(hidden);
    if (!next.delete(line)) next.add(line);
    return next;
  }
  const isAlone = !hidden.has(line) && hidden.size === nLines - 1;
  if (isAlone) return new Set<number>();
  return new Set(Array.from({ length: nLines }, (_, index) => index).filter((index) => index !== line));
}

export function SeriesLegend({ series, hidden, onHide, onRemove }: Props) {
  const { t } = useTranslation();
  const click = (event: MouseEvent, line: number) =>
    onHide(nextHidden(hidden, line, series.length, event.ctrlKey || event.metaKey));
  return (
    <ul className={classes.legend} aria-label={t("series.legend")}>
      {series.map((one, line) => (
        <li key={one.key} data-hidden={hidden.has(line) || undefined}>
          <Tooltip label={t("series.legendHint")}>
            <button type="button" aria-pressed={!hidden.has(line)} onClick={(event) => click(event, line)}>
              <Swatch line={line} />
              <span className="cut">{one.key}</span>
              <strong className="num">{formatValue(one.last?.value)}</strong>
            </button>
          </Tooltip>
          {line > 0 && (
            <ActionIcon
              size={24}
              aria-label={t("series.remove", { key: one.key })}
              onClick={() => onRemove(one.key)}
            >
              <IconX size={14} />
            </ActionIcon>
          )}
        </li>
      ))}
    </ul>
  );
}
