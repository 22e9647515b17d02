// One console stream of any length: lines load as they are looked at; follows the end until one scrolls away from it.
import { Button } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowDown } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { PythonSample } from "@/components/python-sample";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatCount } from "@/lib/format";
import { setPreferences, usePreferences } from "@/lib/preferences";
import { ConsoleRow } from "./console-row";
import { ConsoleTools } from "./console-tools";
import classes from "./console-view.module.css";
import { useConsoleLines } from "./use-console-lines";
import { hitFrom, hitMarks, useConsoleSearch } from "./use-console-search";

interface Props {
  trackId: string;
  stream: string;
  /** From 1; what the address names. */
  line: number | undefined;
  onLine: (line: number | undefined) => void;
}

const LINE_PX = 20;
const END_SLACK_PX = 24;
// A browser draws nothing higher than 33 million pixels; of longer streams it is given a part.
const MOST_LINES = 1_500_000;
const MARKS = 200;
const PHONE_PX = 640;

export function ConsoleView({ trackId, stream, line, onLine }: Props) {
  const { t, i18n } = useTranslation();
  const { console: taste, hasKeys } = usePreferences();
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const [words, setWords] = useState("");
  const [hit, setHit] = useState(-1);
  const [isFollowing, setFollowing] = useState(line === undefined);
  const [nBefore, setNBefore] = useState(0);
  const [part, setPart] = useState<number | null>(null);
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const { tail, nLines, lineAt } = useConsoleLines(trackId, stream, ...range);
  const lastPart = Math.max(0, nLines - MOST_LINES);
  const base = part ?? lastPart;
  const count = Math.min(nLines - base, MOST_LINES);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 40,
  });
  const items = virtual.getVirtualItems();
  const first = base + (items[0]?.index ?? 0);
  const last = base + (items.at(-1)?.index ?? 0);
  const found = useConsoleSearch(trackId, stream, words, first);
  useEffect(
    () => setRange((before) => (before[0] === first && before[1] === last ? before : [first, last])),
    [first, last],
  );

  useEffect(() => {
    if (isFollowing && count > 0) virtual.scrollToIndex(count - 1, { align: "end" });
  }, [isFollowing, count, virtual]);

  const goTo = (number: number) => {
    setFollowing(false);
    setNBefore(nLines);
    const inside = number >= base && number < base + count;
    const newBase = inside ? base : Math.min(lastPart, Math.max(0, number - MOST_LINES / 2));
    if (!inside) setPart(newBase);
    virtual.scrollToIndex(number - newBase, { align: "center" });
  };
  const shown = useRef<number | undefined>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a line is gone to once, when it is named or lines are there.
  useEffect(() => {
    if (line === undefined || nLines === 0 || shown.current === line) return;
    shown.current = line;
    goTo(Math.min(line, nLines) - 1);
  }, [line, nLines > 0]);

  const toHit = (index: number) => {
    const number = found.hits[index];
    if (number === undefined) return;
    setHit(index);
    goTo(number);
  };
  // The first hit behind what is looked at is gone to as soon as it is found.
  const gone = useRef("");
  useEffect(() => {
    if (gone.current === words || found.words !== words || (found.hits.length === 0 && !found.isDone)) return;
    gone.current = words;
    toHit(hitFrom(found.hits, first));
  });
  const toEnd = () => {
    setPart(null);
    setFollowing(true);
  };
  const marks = useMemo(() => hitMarks(found.hits, nLines, MARKS), [found.hits, nLines]);
  const set = (change: Partial<typeof taste>) => setPreferences({ console: { ...taste, ...change } });

  useHotkeys([["mod+F", () => search.current?.focus()]], []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!hasKeys || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "e") toEnd();
    else if (event.key === "w") set({ isWrapped: !taste.isWrapped });
    else if (event.key === "T") set({ times: taste.times === "none" ? "clock" : "none" });
    else if (event.key === "End") toEnd();
    else if (event.key === "Home") goTo(0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  if (tail.isError && !tail.data)
    return <ErrorPanel error={tail.error} onRetry={() => void tail.refetch()} />;
  if (!tail.data) return <RowSkeleton rows={12} height={14} />;
  const firstTime = lineAt(0)?.time ?? null;
  const isMixed = stream.includes("+");
  const isPhone = window.innerWidth <= PHONE_PX;
  return (
    <div className={classes.pane}>
      <ConsoleTools
        {...{ trackId, stream, nLines, words, found, hit, taste, isFollowing }}
        searchRef={search}
        onWords={(now) => {
          setWords(now);
          setHit(-1);
        }}
        onHit={(way) => toHit((hit + way + found.hits.length) % Math.max(1, found.hits.length))}
        onTaste={set}
        onFollow={(isOn) => (isOn ? toEnd() : setFollowing(false))}
        onGoTo={(number) => {
          goTo(number - 1);
          onLine(number);
        }}
      />
      {base > 0 && (
        <Button variant="subtle" size="compact-sm" onClick={() => setPart(Math.max(0, base - MOST_LINES))}>
          {t("console.earlier", { n: formatCount(base, i18n.language) })}
        </Button>
      )}
      <div className={classes.frame}>
        <div
          ref={scroller}
          role="log"
          aria-live={taste.isSpoken && isFollowing ? "polite" : "off"}
          aria-label={t("console.label", { stream })}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard.
          tabIndex={0}
          className={classes.lines}
          data-wrap={taste.isWrapped || undefined}
          onKeyDown={onKeyDown}
          onScroll={(event) => {
            const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
            const isAtEnd = scrollHeight - scrollTop - clientHeight < END_SLACK_PX && base + count >= nLines;
            if (isFollowing && !isAtEnd) setNBefore(nLines);
            setFollowing(isAtEnd);
          }}
        >
          {nLines === 0 && (
            <EmptyState title={t("console.empty")} text={t("console.emptyText")}>
              <PythonSample />
            </EmptyState>
          )}
          <div style={{ height: virtual.getTotalSize(), position: "relative", minWidth: "fit-content" }}>
            {items.map((item) => {
              const number = base + item.index;
              return (
                <ConsoleRow
                  key={number}
                  number={number}
                  line={lineAt(number)}
                  top={item.start}
                  index={item.index}
                  measure={taste.isWrapped ? virtual.measureElement : undefined}
                  times={isPhone ? "none" : taste.times}
                  firstTime={firstTime}
                  words={words}
                  isMixed={isMixed}
                  isCurrent={line === number + 1 || found.hits[hit] === number}
                  onNumber={() => {
                    shown.current = number + 1;
                    onLine(line === number + 1 ? undefined : number + 1);
                  }}
                />
              );
            })}
          </div>
        </div>
        <div className={classes.marks} aria-hidden>
          {marks.map((share) => (
            <span key={share} style={{ top: `${share * 100}%` }} />
          ))}
        </div>
        {!isFollowing && nLines > 0 && (
          <Button
            size="xs"
            className={classes.toEnd}
            leftSection={<IconArrowDown size={14} />}
            onClick={toEnd}
          >
            {nBefore > 0 && nLines > nBefore
              ? t("console.newLines", { count: nLines - nBefore })
              : t("console.toEnd")}
          </Button>
        )}
      </div>
    </div>
  );
}
