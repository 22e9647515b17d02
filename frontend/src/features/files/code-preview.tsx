// Text and code: virtual lines with numbers; colours up to a megabyte, plain beyond.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { CopyIcon } from "@/components/copy-text";
import classes from "./files.module.css";
import { highlightLines, type Piece } from "./highlight";

interface Props {
  text: string;
  language: string | null;
  line?: number | undefined;
  onLine?: (line: number | undefined) => void;
}

const LINE_PX = 20;
const LARGEST_COLOURED = 1024 * 1024;
const LONGEST_LINE = 20_000;

export default function CodePreview({ text, language, line, onLine }: Props) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => toLines(text, language), [text, language]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 40,
  });
  useEffect(() => {
    if (line !== undefined && line <= lines.length) virtual.scrollToIndex(line - 1, { align: "center" });
  }, [line, lines.length, virtual]);
  const width = `${String(lines.length).length + 2}ch`;
  return (
    <div className={classes.codeFrame}>
      <div className={classes.copy}>
        <CopyIcon value={text} />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be for a form. */}
      <div
        ref={scroller}
        role="group"
        aria-label={t("file.content")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard.
        tabIndex={0}
        className={`code ${classes.code}`}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative", minWidth: "fit-content" }}>
          {virtual.getVirtualItems().map((item) => (
            <div
              key={item.key}
              className={classes.codeLine}
              data-current={line === item.index + 1 || undefined}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: only a shortcut to a link to this line. */}
              {/* biome-ignore lint/a11y/noStaticElementInteractions: only a shortcut to a link to this line. */}
              <span
                className={classes.codeNumber}
                style={{ minWidth: width }}
                onClick={() => onLine?.(line === item.index + 1 ? undefined : item.index + 1)}
              >
                {item.index + 1}
              </span>
              <LineText pieces={lines[item.index] ?? []} />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function LineText({ pieces }: { pieces: readonly Piece[] }) {
  let offset = 0;
  return (
    <span>
      {pieces.map((piece) => {
        offset += piece.text.length + 1;
        return (
          <span key={offset} className={piece.className || undefined}>
            {piece.text}
          </span>
        );
      })}
    </span>
  );
}

function toLines(text: string, language: string | null): Piece[][] {
  if (language && text.length <= LARGEST_COLOURED) return highlightLines(text, language);
  return text.split(/\r\n|\r|\n/).map((line) => [{ text: line.slice(0, LONGEST_LINE), className: "" }]);
}
