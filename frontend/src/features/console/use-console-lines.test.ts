import { describe, expect, it } from "vitest";
import type { ConsolePage } from "@/api/types";
import { arePagesTorn } from "./use-console-lines";

const page = (from: number, begin: string, next: string, texts: string[]): ConsolePage => ({
  stream: "stdout+stderr",
  n_lines: 9,
  from,
  begin,
  next,
  lines: texts.map((text, index) => ({ number: from + index, stream: "stdout", time: 0, text })),
});

describe("pages of a console", () => {
  it("meet, as long as no line came late", () => {
    const first = page(0, "0.0", "2.1", ["a", "b", "c"]);
    const second = page(3, "2.1", "4.2", ["d", "e", "f"]);
    const pages = new Map([
      [0, first],
      [1, second],
    ]);
    expect(arePagesTorn(pages, page(4, "3.1", "5.2", ["e", "f", "g"]))).toBe(false);
    expect(arePagesTorn(pages, page(4, "3.1", "5.2", ["late", "e", "f"]))).toBe(true);
    expect(
      arePagesTorn(
        new Map([
          [0, first],
          [1, page(3, "2.2", "4.3", ["c", "d", "e"])],
        ]),
        undefined,
      ),
    ).toBe(true);
    expect(
      arePagesTorn(
        new Map([
          [0, first],
          [5, second],
        ]),
        undefined,
      ),
    ).toBe(false);
  });
});
