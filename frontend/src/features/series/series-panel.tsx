// The whole view of one series, alone or with others of its track: tools, what it says in words, chart or table.
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconChartLine, IconTable, IconZoomReset } from "@tabler/icons-react";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type uPlot from "uplot";
import type { Series, SeriesAnswer } from "@/api/types";
import { ErrorPanel } from "@/components/error-panel";
import { laterPart } from "@/components/later";
import { RowSkeleton } from "@/components/row-skeleton";
import type { TrackSearch } from "@/lib/url-state";
import { lossEvents, placeEvents, type TrackEvent, zeroTime } from "./chart-events";
import { EventList } from "./event-list";
import classes from "./series.module.css";
import { SeriesChart } from "./series-chart";
import { SeriesDownload } from "./series-download";
import { SeriesFacts } from "./series-facts";
import { SeriesLegend } from "./series-legend";
import { SeriesPicker } from "./series-picker";
import { SeriesToolbar } from "./series-toolbar";
import { type SeriesView, searchFromView, viewFromSearch } from "./series-view";
import { useLead, useSeries } from "./use-series";

const SeriesTable = laterPart(async () => (await import("./series-table")).SeriesTable);

interface Props {
  trackId: string;
  seriesKey: string;
  isText: boolean;
  search: TrackSearch;
  /** What happened to the track's job. */
  trackEvents: readonly TrackEvent[];
  onSearch: (change: Partial<TrackSearch>) => void;
}

const HEIGHT = 400;
const PHONE_HEIGHT = 280;
const NO_LINES: ReadonlySet<number> = new Set();

export function SeriesPanel({ trackId, seriesKey, isText, search, trackEvents, onSearch }: Props) {
  const { t } = useTranslation();
  const { ref, width } = useElementSize<HTMLDivElement>();
  const view = useMemo(() => viewFromSearch(search), [search]);
  const keys = useMemo(
    () => (isText ? [seriesKey] : [...new Set([seriesKey, ...(search.m ?? [])])]),
    [seriesKey, search.m, isText],
  );
  const answer = useSeries(trackId, keys, view, width);
  const series = answer.data?.series;
  const isTable = isText || search.as === "table";
  const plot = useRef<() => uPlot | null>(() => null);
  const change = (part: Partial<SeriesView>) => onSearch(searchFromView(part, view.x));
  const tableLabel = isTable ? t("series.chart") : t("series.table");
  const extras = (
    <>
      {view.range && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconZoomReset size={16} />}
          onClick={() => change({ range: null })}
        >
          {t("series.reset")}
        </Button>
      )}
      {!isText && (
        <Tooltip label={tableLabel}>
          <ActionIcon aria-label={tableLabel} onClick={() => onSearch({ as: isTable ? undefined : "table" })}>
            {isTable ? <IconChartLine size={18} /> : <IconTable size={18} />}
          </ActionIcon>
        </Tooltip>
      )}
      <SeriesDownload trackId={trackId} seriesKey={seriesKey} plot={isTable ? null : plot} />
    </>
  );
  return (
    <div>
      {series?.[0] && <SeriesFacts series={series[0]} view={view} />}
      {isText ? (
        <div className={classes.tools}>
          <span style={{ flex: 1 }} />
          {extras}
        </div>
      ) : (
        <SeriesToolbar view={view} onChange={change}>
          {extras}
        </SeriesToolbar>
      )}
      <div ref={ref}>
        {answer.isError && !series ? (
          <ErrorPanel error={answer.error} onRetry={() => void answer.refetch()} />
        ) : !series || !answer.data ? (
          <div style={{ height: HEIGHT }}>
            <RowSkeleton rows={1} height={HEIGHT - 40} />
          </div>
        ) : isTable && series[0] ? (
          <SeriesTable series={series} xKind={view.x} />
        ) : (
          <Chart
            {...{ trackId, view, width, series, change, trackEvents }}
            answer={answer.data}
            isBusy={answer.isPlaceholderData}
            onPlot={(get) => {
              plot.current = get;
            }}
            onRemove={(key) => onSearch({ m: search.m?.filter((one) => one !== key) })}
          />
        )}
      </div>
      {!isText && !isTable && (
        <SeriesPicker
          trackId={trackId}
          chosen={keys}
          onAdd={(key) => onSearch({ m: [...(search.m ?? []), key] })}
        />
      )}
    </div>
  );
}

interface ChartProps {
  trackId: string;
  view: SeriesView;
  width: number;
  answer: SeriesAnswer;
  series: readonly Series[];
  trackEvents: readonly TrackEvent[];
  isBusy: boolean;
  change: (part: Partial<SeriesView>) => void;
  onPlot: (get: () => uPlot | null) => void;
  onRemove: (key: string) => void;
}

function Chart({
  trackId,
  view,
  width,
  answer,
  series,
  trackEvents,
  isBusy,
  change,
  onPlot,
  onRemove,
}: ChartProps) {
  const { t } = useTranslation();
  const [hidden, setHidden] = useState(NO_LINES);
  const keys = useMemo(() => series.map(({ key }) => key), [series]);
  const lead = useLead(trackId, keys, view, width);
  const events = useMemo(() => {
    const losses = lossEvents(answer.losses, (loss) =>
      t("series.lost", { count: loss.count, reason: loss.reason }),
    );
    return [...trackEvents, ...losses].sort((a, b) => a.at - b.at);
  }, [answer.losses, trackEvents, t]);
  const placed = useMemo(
    () => placeEvents(events, view.x, series[0], zeroTime(series)),
    [events, view.x, series],
  );
  const isEmpty = series.every((one) => one.n_drawn === 0);
  return (
    <>
      <div className={`card ${classes.frame}`}>
        {isBusy && <div className="busy" />}
        {isEmpty ? (
          <div className={classes.none} style={{ height: width < 500 ? PHONE_HEIGHT : HEIGHT }}>
            {t("series.noPoints")}
          </div>
        ) : (
          <SeriesChart
            series={series}
            lead={lead}
            view={view}
            // The frame has eight pixels of air and a line on both sides.
            width={width - 18}
            height={width < 500 ? PHONE_HEIGHT : HEIGHT}
            syncKey={`${trackId} ${view.x}`}
            hidden={hidden}
            events={placed}
            onPlot={onPlot}
            onReset={() => change({ range: null })}
            onZoom={(lo, hi) => change({ range: [lo, hi] })}
          />
        )}
      </div>
      {series.length > 1 && (
        <SeriesLegend series={series} hidden={hidden} onHide={setHidden} onRemove={onRemove} />
      )}
      <EventList events={events} nPlaced={placed.length} />
    </>
  );
}
