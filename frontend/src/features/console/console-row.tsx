// One line of a console: number, time, text in its colours.
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConsoleLine } from "@/api/types";
import { formatBytes, formatClock, formatDuration } from "@/lib/format";
import type { ConsoleTimes } from "@/lib/preferences";
import { LONGEST_LINE, markSpans, toSpans } from "./console-text";
import classes from "./console-view.module.css";

interface Props {
  number: number;
  line: ConsoleLine | null;
  top: number;
  index: number;
  measure: ((element: HTMLElement | null) => void) | undefined;
  times: ConsoleTimes;
  firstTime: number | null;
  words: string;
  /** Several streams are shown as one: what went to stderr says so. */
  isMixed: boolean;
  isCurrent: boolean;
  onNumber: () => void;
}

export const ConsoleRow = memo(
  function ConsoleRow({
    number,
    line,
    top,
    index,
    measure,
    times,
    firstTime,
    words,
    isMixed,
    isCurrent,
    onNumber,
  }: Props) {
    const { i18n } = useTranslation();
    const isError = isMixed && line?.stream === "stderr";
    return (
      <div
        ref={measure}
        data-index={index}
        className={classes.line}
        data-current={isCurrent || undefined}
        data-stderr={isError || undefined}
        style={{ transform: `translateY(${top}px)` }}
      >
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: "go to line" does the same on the keyboard. */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a link for the pointer only; a thousand tab stops would be none. */}
        <span className={classes.number} onClick={onNumber}>
          {number + 1}
        </span>
        {times !== "none" && (
          <span className={classes.time}>{line && timeOf(line.time, times, firstTime, i18n.language)}</span>
        )}
        {isMixed && <span className={classes.stream}>{isError ? "stderr" : ""}</span>}
        {line ? <LineText text={line.text} words={words} /> : <span className={classes.waiting} />}
      </div>
    );
  },
  (before, after) =>
    before.line === after.line &&
    before.top === after.top &&
    before.number === after.number &&
    before.times === after.times &&
    before.firstTime === after.firstTime &&
    before.words === after.words &&
    before.isMixed === after.isMixed &&
    before.isCurrent === after.isCurrent &&
    before.measure === after.measure,
);

function timeOf(time: number, times: ConsoleTimes, firstTime: number | null, language: string): string {
  if (times === "clock") return formatClock(time, language);
  return firstTime === null ? "" : `+${formatDuration(time - firstTime)}`;
}

/** A colour that was chosen for a black terminal, made readable on our ground. */
const readable = (color: string | undefined) => color && `color-mix(in srgb, ${color} 55%, var(--text))`;

function LineText({ text, words }: { text: string; words: string }) {
  const { t } = useTranslation();
  const [isWhole, setWhole] = useState(false);
  let offset = 0;
  return (
    <span className={classes.text}>
      {markSpans(toSpans(text, isWhole), words).map((span) => {
        offset += span.text.length;
        const Tag = span.className.endsWith("hit") ? "mark" : "span";
        return (
          <Tag
            key={offset}
            className={span.className || undefined}
            style={
              span.color || span.background
                ? { color: readable(span.color), background: span.background }
                : undefined
            }
          >
            {span.text}
          </Tag>
        );
      })}
      {!isWhole && text.length > LONGEST_LINE && (
        <button type="button" className={classes.whole} onClick={() => setWhole(true)}>
          {t("console.showAll", { size: formatBytes(text.length) })}
        </button>
      )}
    </span>
  );
}
