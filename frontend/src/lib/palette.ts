// Colours of tracks: ten that colour-blind people can tell apart; the eleventh has the first one's, and dashes.
const SIZE = 10;

export const trackColour = (index: number) => `var(--line-${((index % SIZE) + SIZE) % SIZE})`;

/** Dashes for uPlot and SVG: none for the first ten, then ever shorter ones. */
export function trackDash(index: number): number[] | undefined {
  const round = Math.floor(index / SIZE) % 4;
  return [undefined, [8, 4], [3, 3], [10, 3, 2, 3]][round];
}
