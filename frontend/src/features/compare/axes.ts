// Places of values on an axis, for parallel coordinates and scatter: numbers by size, words by name. Pure.
import type { Scalar } from "@/api/types";
import { formatShort } from "@/lib/format";

export interface Axis {
  column: string;
  /** From 0 (low) to 1 (high); null where the value has no place. */
  place: (value: Scalar | undefined) => number | null;
  ticks: { at: number; label: string }[];
}

export function makeAxis(column: string, values: readonly (Scalar | undefined)[]): Axis {
  const present = values.filter(
    (value): value is Exclude<Scalar, null> => value !== undefined && value !== null,
  );
  const numbers = present.filter((value): value is number => typeof value === "number");
  if (numbers.length > 0 && numbers.length === present.filter((value) => !isNonFinite(value)).length) {
    const low = Math.min(...numbers);
    const high = Math.max(...numbers);
    // Learning rates and the like span decades: their order of size is what one looks for.
    const isLog = low > 0 && high / low >= 100;
    const scale = (value: number) => (isLog ? Math.log(value) : value);
    const size = scale(high) - scale(low);
    const place = (value: number) => (size === 0 ? 0.5 : (scale(value) - scale(low)) / size);
    const marks =
      size === 0
        ? [low]
        : [0, 0.25, 0.5, 0.75, 1].map((part) =>
            isLog ? Math.exp(scale(low) + part * size) : low + part * size,
          );
    return {
      column,
      place: (value) => (typeof value === "number" ? place(value) : null),
      ticks: marks.map((value) => ({ at: place(value), label: formatShort(Number(value.toPrecision(4))) })),
    };
  }
  const words = [...new Set(present.map(String))].sort((a, b) =>
    a.localeCompare(b, undefined, { numeric: true }),
  );
  const place = (word: string) => (words.length === 1 ? 0.5 : words.indexOf(word) / (words.length - 1));
  return {
    column,
    place: (value) => (value === undefined || value === null ? null : place(String(value))),
    ticks: words.map((word) => ({ at: place(word), label: word })),
  };
}

const isNonFinite = (value: Scalar) => value === "NaN" || value === "Infinity" || value === "-Infinity";
