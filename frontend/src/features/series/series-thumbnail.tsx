// A small chart for a folder's overview; asks for its points only once it is scrolled into view.
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Scalar } from "@/api/types";
import { ErrorPanel } from "@/components/error-panel";
import { formatValue } from "@/lib/format";
import classes from "./series.module.css";
import { SeriesChart } from "./series-chart";
import type { SeriesView } from "./series-view";
import { useLead, useSeries } from "./use-series";

interface Props {
  trackId: string;
  seriesKey: string;
  label: string;
  last: Scalar;
  isText: boolean;
  view: SeriesView;
  onOpen: () => void;
  onZoom: (lo: number, hi: number) => void;
  onReset: () => void;
}

const HEIGHT = 160;
const NEAR = "160px";
// A press that moves further than this selects a range; it opens nothing.
const CLICK_PX = 5;

export function SeriesThumbnail({ label, seriesKey, last, isText, onOpen, ...chart }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const ref = useMergedRef(element, sizeRef);
  const wasSeen = useWasSeen(element);
  const pressed = useRef(0);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the heading inside is the button for the keyboard.
    // biome-ignore lint/a11y/noStaticElementInteractions: the whole card is only a bigger target.
    <div
      className={`card ${classes.thumb}`}
      onPointerDown={(event) => {
        pressed.current = event.clientX;
      }}
      onClick={(event) => {
        if (Math.abs(event.clientX - pressed.current) < CLICK_PX) onOpen();
      }}
    >
      <div className={classes.thumbHead}>
        <button type="button" className="sort cut" title={seriesKey} onClick={onOpen}>
          <span className="cut">{label}</span>
        </button>
        {!isText && <strong className="num">{formatValue(last)}</strong>}
      </div>
      <div ref={ref} className={classes.thumbPlot} style={{ height: HEIGHT }}>
        {isText ? (
          <div className={classes.thumbText}>{formatValue(last)}</div>
        ) : (
          wasSeen && width > 0 && <Chart {...chart} seriesKey={seriesKey} width={width} />
        )}
      </div>
    </div>
  );
}

/**
 * Says whether an element has ever been scrolled into view. What has been and is far away now is marked with `data-far`,
 * for the style sheet: a canvas is a layer of its own, and dozens that nobody sees cost each frame of scrolling.
 */
function useWasSeen(element: RefObject<HTMLElement | null>): boolean {
  const [wasSeen, setSeen] = useState(false);
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const options: IntersectionObserverInit & { scrollMargin: string } = {
      rootMargin: NEAR,
      scrollMargin: NEAR,
    };
    const observer = new IntersectionObserver(([entry]) => {
      const isNear = entry?.isIntersecting ?? true;
      target.toggleAttribute("data-far", !isNear);
      if (isNear) setSeen(true);
    }, options);
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return wasSeen;
}

function Chart({
  trackId,
  seriesKey,
  view,
  width,
  onZoom,
  onReset,
}: Omit<Props, "label" | "last" | "isText" | "onOpen"> & { width: number }) {
  const { t } = useTranslation();
  const answer = useSeries(trackId, [seriesKey], view, "compact");
  const lead = useLead(trackId, [seriesKey], view, "compact");
  const series = answer.data?.series;
  if (answer.isError && !series)
    return <ErrorPanel error={answer.error} onRetry={() => void answer.refetch()} />;
  if (!series) return null;
  if (!series[0] || series[0].n_drawn === 0)
    return <div className={classes.none}>{t("series.noPoints")}</div>;
  return (
    <SeriesChart
      series={series}
      lead={lead}
      view={view}
      width={width}
      height={HEIGHT}
      syncKey={`${trackId} ${view.x}`}
      isCompact
      onZoom={onZoom}
      onReset={onReset}
    />
  );
}
