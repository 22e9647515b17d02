// A histogram as the client logs it: counts, and one edge more than there are counts. Pure.

export interface Histogram {
  counts: number[];
  edges: number[];
}

const MOST_BINS = 5000;

/** null for whatever is none: then it is shown as the JSON it is. */
export function readHistogram(text: string): Histogram | null {
  try {
    const { counts, edges } = JSON.parse(text) as Partial<Histogram>;
    if (!isNumbers(counts) || !isNumbers(edges)) return null;
    const isRising = edges.every((edge, index) => index === 0 || edge >= (edges[index - 1] ?? edge));
    const isFine = counts.length > 0 && counts.length <= MOST_BINS && edges.length === counts.length + 1;
    return isFine && isRising && counts.every((count) => count >= 0) ? { counts, edges } : null;
  } catch {
    return null;
  }
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => typeof one === "number" && Number.isFinite(one));
