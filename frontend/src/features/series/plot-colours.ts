// The page's colour tokens as a canvas needs them, read once per theme.

export interface PlotColours {
  lines: string[];
  grid: string;
  text: string;
  surface: string;
  ground: string;
  accent: string;
  warn: string;
  danger: string;
  good: string;
  dim: string;
}

export const N_COLOURS = 10;
const DASHES = [undefined, [8, 4], [2, 3], [10, 3, 2, 3]];

let known: { scheme: string; colours: PlotColours } | null = null;

/** A canvas needs a finished colour: `light-dark()` is resolved by asking an element that uses it. */
export function plotColours(scheme: string): PlotColours {
  if (known?.scheme === scheme) return known.colours;
  const probe = document.createElement("span");
  document.body.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours: PlotColours = {
    lines: Array.from({ length: N_COLOURS }, (_, index) => read(`--line-${index}`)),
    grid: read("--chart-grid"),
    text: read("--chart-text"),
    surface: read("--surface"),
    ground: read("--text"),
    accent: read("--accent"),
    warn: read("--warn"),
    danger: read("--danger"),
    good: read("--good"),
    dim: read("--dim"),
  };
  probe.remove();
  known = { scheme, colours };
  return colours;
}

export const lineColour = (colours: PlotColours, index: number) =>
  colours.lines[index % N_COLOURS] ?? colours.text;

/** From the eleventh line on colours come again, with dashes. */
export const lineDash = (index: number) => DASHES[Math.floor(index / N_COLOURS) % DASHES.length];

/** The same colour, so much of it: computed colours are `rgb(r, g, b)` or `color(...)`. */
export function faded(colour: string, alpha: number): string {
  const [r, g, b] = colour.match(/[\d.]+/g) ?? [];
  return colour.startsWith("rgb") ? `rgba(${r}, ${g}, ${b}, ${alpha})` : colour;
}
