// One console stream: the tail, older lines when scrolled up, following the end until one scrolls away from it.
import { Button, Group, Switch, Text } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { consoleQuery, loadOlderLines } from "@/api/console";
import type { ConsoleLine } from "@/api/types";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { useReloadInterval } from "@/lib/preferences";
import { toSpans } from "./console-text";
import classes from "./console-view.module.css";

const LINE_PX = 20;
const END_SLACK_PX = 24;
const NO_LINES: ConsoleLine[] = [];

export function ConsoleView({ trackId, stream }: { trackId: string; stream: string }) {
  const { t, i18n } = useTranslation();
  const page = useQuery({ ...consoleQuery(trackId, stream), refetchInterval: useReloadInterval() });
  const [hasTimes, setHasTimes] = useState(false);
  const [isWrapped, setWrapped] = useState(false);
  const [isFollowing, setFollowing] = useState(true);
  const lines = page.data?.stream === stream ? page.data.lines : NO_LINES;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 30,
    getItemKey: (index) => lines[index]?.number ?? index,
  });
  const isLoadingOlder = useOlderLines(trackId, stream, lines, scroller, virtual.scrollToIndex);

  useEffect(() => {
    if (isFollowing && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [isFollowing, lines, virtual]);

  if (page.isError && !page.data)
    return <ErrorPanel error={page.error} onRetry={() => void page.refetch()} />;
  if (!page.data) return <RowSkeleton rows={12} height={14} />;
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: "medium", hour12: false });
  return (
    <div className={classes.pane}>
      <Group gap="lg" py={8}>
        <Switch
          label={t("console.follow")}
          checked={isFollowing}
          onChange={(event) => setFollowing(event.currentTarget.checked)}
        />
        <Switch
          label={t("console.times")}
          checked={hasTimes}
          onChange={(event) => setHasTimes(event.currentTarget.checked)}
        />
        <Switch
          label={t("console.wrap")}
          checked={isWrapped}
          onChange={(event) => setWrapped(event.currentTarget.checked)}
        />
        <Text size="sm" className="dim num">
          {t("console.lines", { count: page.data.n_lines })}
        </Text>
      </Group>
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={t("console.label", { stream })}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard.
        tabIndex={0}
        className={classes.lines}
        data-wrap={isWrapped || undefined}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          setFollowing(scrollHeight - scrollTop - clientHeight < END_SLACK_PX);
        }}
      >
        {lines.length === 0 && <div className={classes.none}>{t("console.empty")}</div>}
        {isLoadingOlder && <div className={classes.older}>{t("console.older")}</div>}
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <div
                key={item.key}
                data-index={item.index}
                ref={virtual.measureElement}
                className={classes.line}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <span className={classes.number}>{line.number + 1}</span>
                {hasTimes && (
                  <span className={classes.time}>
                    {line.time === null ? "" : clock.format(line.time * 1000)}
                  </span>
                )}
                <LineText text={line.text} />
              </div>
            );
          })}
        </div>
      </div>
      {!isFollowing && lines.length > 0 && (
        <Button
          size="xs"
          className={classes.toEnd}
          leftSection={<IconArrowDown size={14} />}
          onClick={() => setFollowing(true)}
        >
          {t("console.newLines")}
        </Button>
      )}
    </div>
  );
}

function LineText({ text }: { text: string }) {
  let offset = 0;
  return (
    <span className={classes.text}>
      {toSpans(text).map((span) => {
        offset += span.text.length;
        return (
          <span key={offset} className={span.className || undefined}>
            {span.text}
          </span>
        );
      })}
    </span>
  );
}

/** Loads the page before the first known line when the top comes near, and keeps the reader's place. */
function useOlderLines(
  trackId: string,
  stream: string,
  lines: readonly ConsoleLine[],
  scroller: React.RefObject<HTMLDivElement | null>,
  scrollToIndex: (index: number, options: { align: "start" }) => void,
): boolean {
  const queryClient = useQueryClient();
  const [isLoading, setLoading] = useState(false);
  const toKeep = useRef(0);
  const first = lines[0]?.number ?? 0;
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onScroll = () => {
      if (element.scrollTop > 200 || first === 0 || isLoading) return;
      setLoading(true);
      loadOlderLines(queryClient, trackId, stream)
        .then((n) => {
          toKeep.current = n;
        })
        // A page that did not come is asked for again by the next scroll.
        .catch(() => undefined)
        .finally(() => setLoading(false));
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [first, isLoading, queryClient, scroller, stream, trackId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new first line is the moment to restore the place.
  useLayoutEffect(() => {
    if (toKeep.current === 0) return;
    scrollToIndex(toKeep.current, { align: "start" });
    toKeep.current = 0;
  }, [first, scrollToIndex]);
  return isLoading;
}
