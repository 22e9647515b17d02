// Two panes with a bar between them that can be dragged or moved by the arrow keys; on a phone one above the other.
import { type PointerEvent, type ReactNode, useRef, useState } from "react";
import classes from "./split-pane.module.css";

const MIN_PX = 200;
const MAX_PX = 640;
const KEY_STEP_PX = 24;

interface Props {
  left: ReactNode;
  right: ReactNode;
  width: number;
  /** false: only the right pane. */
  isOpen?: boolean;
  label: string;
  onResize: (width: number) => void;
}

const clamp = (width: number) => Math.min(MAX_PX, Math.max(MIN_PX, Math.round(width)));

export function SplitPane({ left, right, width, isOpen = true, label, onResize }: Props) {
  const [draft, setDraft] = useState<number | null>(null);
  const start = useRef({ x: 0, width });
  const now = clamp(draft ?? width);
  const onPointerMove = (event: PointerEvent) => {
    if (draft !== null) setDraft(clamp(start.current.width + event.clientX - start.current.x));
  };
  if (!isOpen) {
    return (
      <div className={classes.split}>
        <div className={classes.right}>{right}</div>
      </div>
    );
  }
  return (
    <div className={classes.split}>
      <div className={classes.left} style={{ "--pane-width": `${now}px` } as React.CSSProperties}>
        {left}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a separator that moves is not a line in a text. */}
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label={label}
        aria-valuemin={MIN_PX}
        aria-valuemax={MAX_PX}
        aria-valuenow={now}
        tabIndex={0}
        className={classes.bar}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = { x: event.clientX, width: now };
          setDraft(now);
        }}
        onPointerMove={onPointerMove}
        onPointerUp={() => {
          if (draft !== null) onResize(draft);
          setDraft(null);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") onResize(clamp(now - KEY_STEP_PX));
          if (event.key === "ArrowRight") onResize(clamp(now + KEY_STEP_PX));
        }}
      />
      <div className={classes.right}>{right}</div>
    </div>
  );
}
