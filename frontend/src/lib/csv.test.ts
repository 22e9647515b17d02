import { expect, it } from "vitest";
import { parseCsv } from "./csv";

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
