// A small chart for a folder's overview; asks for its points only once it is scrolled into view.
import { useInViewport } from "@mantine/hooks";
import { useEffect, useState } from "react";
import type { Scalar } from "@/api/types";
import { formatValue } from "@/lib/format";
import classes from "./series.module.css";
import { SeriesChart, type SeriesView } from "./series-chart";

interface Props {
  trackId: string;
  seriesKey: string;
  label: string;
  last: Scalar;
  isText: boolean;
  view: SeriesView;
  onOpen: () => void;
}

const HEIGHT = 150;

export function SeriesThumbnail({ trackId, seriesKey, label, last, isText, view, onOpen }: Props) {
  const { ref, inViewport } = useInViewport<HTMLDivElement>();
  const [wasSeen, setSeen] = useState(false);
  useEffect(() => {
    if (inViewport) setSeen(true);
  }, [inViewport]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the heading inside is the button for the keyboard.
    // biome-ignore lint/a11y/noStaticElementInteractions: the whole card is only a bigger target.
    <div ref={ref} className={`card ${classes.thumb}`} onClick={onOpen}>
      <div className={classes.thumbHead}>
        <button type="button" className="sort cut" title={seriesKey} onClick={onOpen}>
          <span className="cut">{label}</span>
        </button>
        {!isText && <strong className="num">{formatValue(last)}</strong>}
      </div>
      {isText ? (
        <div className={classes.none} style={{ height: HEIGHT, overflow: "hidden" }}>
          {formatValue(last)}
        </div>
      ) : wasSeen ? (
        <SeriesChart trackId={trackId} seriesKey={seriesKey} view={view} height={HEIGHT} isCompact />
      ) : (
        <div style={{ height: HEIGHT }} />
      )}
    </div>
  );
}
