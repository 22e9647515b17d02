import { describe, expect, it } from "vitest";
import {
  fieldName,
  joinList,
  nextSort,
  parseCompareSearch,
  parseSort,
  parseTracksSearch,
  quoted,
  splitList,
  writeSort,
} from "./tracks-state";

describe("the address of the tracks table", () => {
  it("keeps what it knows, and understands older addresses", () => {
    expect(parseTracksSearch({ q: "a", sort: "-m.val/loss", cols: "name,p.lr" })).toEqual({
      q: "a",
      sort: "-m.val/loss",
      cols: "name,p.lr",
    });
    expect(parseTracksSearch({ status: "running", tag: "two words" }).q).toBe(
      'status:running tag:"two words"',
    );
    expect(parseTracksSearch({ q: 12, sort: {} })).toEqual({ q: "12" });
  });
  it("writes lists so that they are read again", () => {
    const names = ["p.a,b", "m.c\\d", "name"];
    expect(splitList(joinList(names))).toEqual(names);
    expect(splitList(undefined)).toEqual([]);
  });
  it("sorts by a click, and beside others with Shift", () => {
    const sort = parseSort("-name");
    expect(writeSort(nextSort(sort, "name", false))).toBe("name");
    expect(writeSort(nextSort(parseSort("name"), "name", false))).toBe("");
    expect(writeSort(nextSort(sort, "p.lr", true))).toBe("-name,-p.lr");
    expect(writeSort(nextSort(parseSort("-name,-p.lr"), "name", true))).toBe("name,-p.lr");
  });
  it("quotes what the query language would read otherwise", () => {
    expect(quoted("base")).toBe("base");
    expect(quoted('a "b"')).toBe('"a \\"b\\""');
    expect(fieldName("m.val/loss")).toBe("m.val/loss");
    expect(fieldName("m.val loss")).toBe('m."val loss"');
  });
});

describe("the address of a comparison", () => {
  it("falls back silently", () => {
    expect(parseCompareSearch({ t: "a,b", tab: "scatter", x: "moon", smooth: 3, lo: 2, hi: 1 })).toEqual({
      t: "a,b",
      tab: "scatter",
    });
  });
});
