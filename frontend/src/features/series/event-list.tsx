// Losses and steps of the job as words, also for those that have no place on the axis.
import { useTranslation } from "react-i18next";
import { formatDate } from "@/lib/format";
import type { TrackEvent } from "./chart-events";
import classes from "./series.module.css";

const MOST = 50;

export function EventList({ events, nPlaced }: { events: readonly TrackEvent[]; nPlaced: number }) {
  const { t, i18n } = useTranslation();
  if (events.length === 0) return null;
  return (
    <details className={classes.events} open={nPlaced < events.length || undefined}>
      <summary>{t("series.events", { count: events.length })}</summary>
      <ul>
        {events.slice(0, MOST).map((event) => (
          <li key={`${event.at} ${event.label}`} data-kind={event.kind}>
            <span className="dim num">{formatDate(event.at, i18n.language)}</span> {event.label}
          </li>
        ))}
        {events.length > MOST && <li>{t("series.more", { n: events.length - MOST })}</li>}
      </ul>
    </details>
  );
}
