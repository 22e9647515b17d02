// How a series is drawn: smoothing, x axis, log y, table or chart, download.
import { ActionIcon, Button, SegmentedControl, Slider, Switch, Text, Tooltip } from "@mantine/core";
import { IconChartLine, IconTable, IconZoomReset } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { XKind } from "@/api/types";
import classes from "./series.module.css";
import type { SeriesView } from "./series-chart";
import { SeriesDownload } from "./series-download";

interface Props {
  trackId: string;
  seriesKey: string;
  view: SeriesView;
  isTable: boolean;
  /** Words have no curve: only the download is offered. */
  isText: boolean;
  onChange: (change: { x?: XKind; smoothing?: number; isLog?: boolean; isTable?: boolean }) => void;
  onReset: () => void;
}

export function SeriesToolbar({ view, isTable, isText, trackId, seriesKey, onChange, onReset }: Props) {
  const { t } = useTranslation();
  const [smoothing, setSmoothing] = useState(view.smoothing);
  useEffect(() => setSmoothing(view.smoothing), [view.smoothing]);
  const tableLabel = isTable ? t("series.chart") : t("series.table");
  return (
    <div className={classes.tools}>
      {!isText && (
        <>
          <div className={classes.smoothing}>
            <Text size="sm">{t("series.smoothing")}</Text>
            <Slider
              aria-label={t("series.smoothing")}
              thumbLabel={t("series.smoothing")}
              style={{ flex: 1 }}
              min={0}
              max={0.99}
              step={0.01}
              label={null}
              value={smoothing}
              onChange={setSmoothing}
              onChangeEnd={(value) => onChange({ smoothing: value })}
            />
            <Text size="sm" className="num" w={32}>
              {smoothing.toFixed(2)}
            </Text>
          </div>
          <SegmentedControl
            size="xs"
            aria-label={t("series.x")}
            value={view.x}
            onChange={(x) => onChange({ x: x as XKind })}
            data={(["step", "time", "relative"] as const).map((value) => ({
              value,
              label: t(`series.${value}`),
            }))}
          />
          <Switch
            label={t("series.logY")}
            checked={view.isLog}
            onChange={(event) => onChange({ isLog: event.currentTarget.checked })}
          />
        </>
      )}
      <span style={{ flex: 1 }} />
      {view.range && (
        <Button size="xs" variant="default" leftSection={<IconZoomReset size={16} />} onClick={onReset}>
          {t("series.reset")}
        </Button>
      )}
      {!isText && (
        <Tooltip label={tableLabel}>
          <ActionIcon aria-label={tableLabel} onClick={() => onChange({ isTable: !isTable })}>
            {isTable ? <IconChartLine size={18} /> : <IconTable size={18} />}
          </ActionIcon>
        </Tooltip>
      )}
      <SeriesDownload trackId={trackId} seriesKey={seriesKey} />
    </div>
  );
}
