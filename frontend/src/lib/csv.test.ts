import { describe, expect, it } from "vitest";
import { columnType, parseCsv } from "./csv";

it("reads quotes, doubled quotes and line ends inside them", () => {
  expect(parseCsv('a,b\r\n"x, y","say ""hi""\nthere"\n', ",", 10)).toEqual([
    ["a", "b"],
    ["x, y", 'say "hi"\nthere'],
  ]);
});
it("keeps empty cells, a last line without an end, and stops at the limit", () => {
  expect(parseCsv("a\t\tb\nc", "\t", 10)).toEqual([["a", "", "b"], ["c"]]);
  expect(parseCsv("1\n2\n3\n", ",", 2)).toHaveLength(2);
});

describe("columnType", () => {
  const rows = [
    ["1", "true", "a", "", "nan"],
    ["-2.5e3", "False", "1", "", "4"],
    ["", "true", "b", "", "inf"],
  ];
  it.each([
    [0, "number"],
    [1, "bool"],
    [2, "text"],
    [3, ""],
    [4, "number"],
    [9, ""],
  ])("of column %i is %s", (index, type) => expect(columnType(rows, index)).toBe(type));
});
