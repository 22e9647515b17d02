// The chart as it is shown, as a PNG or an SVG file with its name on top.
import type uPlot from "uplot";
import type { PlotColours } from "./plot-colours";
import { COLUMNS_PER_LINE } from "./plot-options";

const HEAD_PX = 28;

export function plotPng(plot: uPlot, title: string, colours: PlotColours): Promise<Blob | null> {
  const from = plot.ctx.canvas;
  const ratio = devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = from.width;
  canvas.height = from.height + HEAD_PX * ratio;
  const ctx = canvas.getContext("2d");
  if (!ctx) return Promise.resolve(null);
  ctx.fillStyle = colours.surface;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = colours.ground;
  ctx.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  ctx.fillText(title, 12 * ratio, 19 * ratio);
  ctx.drawImage(from, 0, HEAD_PX * ratio);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

const asMarkup = (text: string) =>
  text.replace(
    /[&<>"]/g,
    (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char] ?? char,
  );
const short = (value: number) => Number(value.toFixed(2));

/** uPlot keeps where its ticks stand, without declaring it. */
type DrawnAxis = uPlot.Axis & { _splits?: number[]; _values?: string[] };

export function plotSvg(plot: uPlot, title: string, colours: PlotColours): Blob {
  const { width, height } = plot;
  const left = plot.over.offsetLeft;
  const top = plot.over.offsetTop + HEAD_PX;
  const [inner, tall] = [plot.over.clientWidth, plot.over.clientHeight];
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + HEAD_PX}" font-family="system-ui, sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="${colours.surface}"/>`,
    `<text x="12" y="19" font-size="13" font-weight="600" fill="${colours.ground}">${asMarkup(title)}</text>`,
    `<clipPath id="inner"><rect x="${left}" y="${top}" width="${inner}" height="${tall}"/></clipPath>`,
    ...axisParts(plot, left, top, inner, tall, colours),
    `<g clip-path="url(#inner)" fill="none" stroke-linejoin="round">`,
    ...lineParts(plot, left, top),
    "</g></svg>",
  ];
  return new Blob([parts.join("\n")], { type: "image/svg+xml" });
}

function axisParts(
  plot: uPlot,
  left: number,
  top: number,
  inner: number,
  tall: number,
  colours: PlotColours,
) {
  const [xAxis, yAxis] = plot.axes as DrawnAxis[];
  const at = (axis: DrawnAxis | undefined, write: (place: number, text: string) => string, scale: string) =>
    (axis?._splits ?? []).flatMap((split, index) => {
      const place = plot.valToPos(split, scale);
      const text = axis?._values?.[index] ?? "";
      const length = scale === "x" ? inner : tall;
      return place >= -1 && place <= length + 1
        ? [write(short(place), asMarkup(text.split("\n")[0] ?? ""))]
        : [];
    });
  return [
    ...at(
      xAxis,
      (x, text) =>
        `<path d="M${left + x} ${top}v${tall}" stroke="${colours.grid}"/><text x="${left + x}" y="${top + tall + 16}" text-anchor="middle" fill="${colours.text}">${text}</text>`,
      "x",
    ),
    ...at(
      yAxis,
      (y, text) =>
        `<path d="M${left} ${top + y}h${inner}" stroke="${colours.grid}"/><text x="${left - 8}" y="${top + y + 4}" text-anchor="end" fill="${colours.text}">${text}</text>`,
      "y",
    ),
  ];
}

type Points = readonly (number | null | undefined)[];

function lineParts(plot: uPlot, left: number, top: number): string[] {
  const x = plot.data[0];
  const place = (index: number, value: number) =>
    `${short(left + plot.valToPos(x[index] ?? 0, "x"))} ${short(top + plot.valToPos(value, "y"))}`;
  const path = (values: Points): string => {
    let isOpen = false;
    let made = "";
    for (const [index, value] of values.entries()) {
      if (value === undefined) continue;
      if (value === null) isOpen = false;
      else {
        made += `${isOpen ? "L" : "M"}${place(index, value)}`;
        isOpen = true;
      }
    }
    return made;
  };
  const area = (low: Points, high: Points): string => {
    const known = low.flatMap((value, index) =>
      typeof value === "number" && typeof high[index] === "number" ? [index] : [],
    );
    const up = known.map((index) => place(index, high[index] ?? 0));
    const down = known.reverse().map((index) => place(index, low[index] ?? 0));
    return up.length > 0 ? `M${[...up, ...down].join("L")}Z` : "";
  };
  const parts: string[] = [];
  for (let column = 1; column < plot.data.length; column += COLUMNS_PER_LINE) {
    const shown = plot.series.slice(column, column + COLUMNS_PER_LINE);
    const values = plot.data.slice(column, column + COLUMNS_PER_LINE) as Points[];
    const colour = paint(plot, column + 1);
    if (shown[0]?.show === false) continue;
    if (shown[2]?.show && values[2] && values[3])
      parts.push(`<path d="${area(values[2], values[3])}" fill="${colour}" fill-opacity="0.16"/>`);
    const isSmoothed = shown[1]?.show === true;
    parts.push(
      `<path d="${path(values[0] ?? [])}" stroke="${colour}" stroke-width="${isSmoothed ? 1 : 1.6}" stroke-opacity="${isSmoothed ? 0.3 : 1}"/>`,
    );
    if (isSmoothed) parts.push(`<path d="${path(values[1] ?? [])}" stroke="${colour}" stroke-width="2"/>`);
  }
  return parts;
}

/** The colour of the smoothed line, which is never pale. */
function paint(plot: uPlot, column: number): string {
  const stroke = plot.series[column]?.stroke as unknown;
  return typeof stroke === "function"
    ? String((stroke as (u: uPlot, i: number) => unknown)(plot, column))
    : String(stroke);
}
