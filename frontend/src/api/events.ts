// The event stream of a track or a project, connected again whenever it is lost.
import { apiUrl } from "./client";
import type { Change } from "./types";

export interface EventsTarget {
  track?: string;
  project?: string;
}

export interface EventsHandlers {
  /** A change, or "all" when some may have been missed: after each connect, and when the server says so. */
  onChange: (change: Change | "all") => void;
  onLive: (isLive: boolean) => void;
}

type Source = Pick<EventSource, "addEventListener" | "close" | "readyState">;

const CLOSED = 2;

/** How long to wait before the n-th try to connect again; `chance` is from 0 to 1. */
export function retryAfter(tries: number, chance: number): number {
  return Math.min(30_000, 1000 * 1.5 ** tries) * (0.5 + chance / 2);
}

/** Listens until the returned function is called. */
export function listenToEvents(
  target: EventsTarget,
  { onChange, onLive }: EventsHandlers,
  connect: (url: string) => Source = (url) => new EventSource(url),
): () => void {
  const url = apiUrl("events", { ...target });
  let source: Source | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  const open = () => {
    const opened = connect(url);
    source = opened;
    opened.addEventListener("hello", () => {
      tries = 0;
      onLive(true);
      onChange("all");
    });
    opened.addEventListener("resync", () => onChange("all"));
    opened.addEventListener("changed", (event) => {
      onChange(JSON.parse((event as MessageEvent<string>).data) as Change);
    });
    opened.addEventListener("error", () => {
      onLive(false);
      // A stream that ended is opened again by the browser itself; one that was refused is not.
      if (opened.readyState !== CLOSED) return;
      opened.close();
      timer = setTimeout(open, retryAfter(tries++, Math.random()));
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
    onLive(false);
  };
}
