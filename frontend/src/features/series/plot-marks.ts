// What is drawn over the lines: values that are not finite, losses, steps of the job.
import type uPlot from "uplot";
import { faded, type PlotColours } from "./plot-colours";
import type { PlotMarks } from "./plot-options";

const COLOUR_OF = { start: "good", stop: "dim", failed: "danger", lost: "warn" } as const;

export function drawMarks(plot: uPlot, colours: PlotColours, marks: PlotMarks, isCompact: boolean): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - 16 * ratio, bbox.width, bbox.height + 18 * ratio);
  ctx.clip();
  for (const event of marks.events) {
    const colour = colours[COLOUR_OF[event.kind]];
    const left = plot.valToPos(event.x, "x", true);
    const right = plot.valToPos(event.untilX, "x", true);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = faded(colour, 0.14);
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.strokeStyle = colour;
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    if (!isCompact) flag(ctx, left, bbox.top, colour, event.label, ratio);
  }
  for (const mark of marks.nonFinite) {
    const at = plot.valToPos(mark.x, "x", true);
    if (at < bbox.left || at > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = colours.warn;
    ctx.lineWidth = 1.5 * ratio;
    if (mark.kind === "up") triangle(ctx, at, bbox.top + 2 * ratio, 4 * ratio, 1);
    else if (mark.kind === "down") triangle(ctx, at, bbox.top + bbox.height - 2 * ratio, 4 * ratio, -1);
    else cross(ctx, at, bbox.top + bbox.height - 5 * ratio, 3 * ratio);
  }
  ctx.restore();
}

function flag(
  ctx: CanvasRenderingContext2D,
  x: number,
  top: number,
  colour: string,
  label: string,
  ratio: number,
) {
  ctx.fillStyle = colour;
  ctx.font = `${10 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "bottom";
  const short = label.length > 28 ? `${label.slice(0, 27)}…` : label;
  ctx.fillText(short, x + 3 * ratio, top - 3 * ratio);
}

function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, size: number, way: 1 | -1) {
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x - size, y + way * size * 1.6);
  ctx.lineTo(x + size, y + way * size * 1.6);
  ctx.fill();
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number, size: number) {
  ctx.beginPath();
  ctx.moveTo(x - size, y - size);
  ctx.lineTo(x + size, y + size);
  ctx.moveTo(x + size, y - size);
  ctx.lineTo(x - size, y + size);
  ctx.stroke();
}
