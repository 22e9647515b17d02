// How series are drawn: smoothing, x axis, log y, outliers. Shared by one chart and by the charts of a folder.
import { SegmentedControl, Slider, Switch, Text, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { XKind } from "@/api/types";
import classes from "./series.module.css";
import type { SeriesView } from "./series-view";

interface Props {
  view: SeriesView;
  onChange: (change: Partial<SeriesView>) => void;
  children?: ReactNode;
}

export function SeriesToolbar({ view, onChange, children }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.tools}>
      <Smoothing value={view.smoothing} onChange={(smoothing) => onChange({ smoothing })} />
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
      <Switch
        label={t("series.ignoreOutliers")}
        checked={view.isRobust}
        onChange={(event) => onChange({ isRobust: event.currentTarget.checked })}
      />
      <span style={{ flex: 1 }} />
      {children}
    </div>
  );
}

const MOST = 0.999;

function Smoothing({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(value);
  // What stands in the box while it is written in: "0." is on its way to a number.
  const [written, setWritten] = useState<string | null>(null);
  useEffect(() => setDraft(value), [value]);
  return (
    <div className={classes.smoothing}>
      <Text size="sm">{t("series.smoothing")}</Text>
      <Slider
        aria-label={t("series.smoothing")}
        thumbLabel={t("series.smoothing")}
        className={classes.slider}
        min={0}
        max={0.99}
        step={0.01}
        label={null}
        value={Math.min(0.99, draft)}
        onChange={setDraft}
        onChangeEnd={onChange}
      />
      <TextInput
        aria-label={t("series.smoothingValue")}
        type="number"
        size="xs"
        w={72}
        min={0}
        max={MOST}
        step={0.01}
        value={written ?? String(draft)}
        onChange={(event) => {
          const text = event.currentTarget.value;
          setWritten(text);
          const now = Number(text);
          if (text === "" || !(now >= 0 && now <= MOST)) return;
          setDraft(now);
          onChange(now);
        }}
        onBlur={() => setWritten(null)}
      />
    </div>
  );
}
