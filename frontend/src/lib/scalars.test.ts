import { describe, expect, it } from "vitest";
import { formatScalar, kindOf, parseCombinations, parseScalar } from "./scalars";

describe("a typed value", () => {
  it.each([
    ["0.01", 0.01],
    ["1e-4", 1e-4],
    ["-3", -3],
    [" 32 ", 32],
    ["true", true],
    ["False", "False"],
    ["adam", "adam"],
    ['"32"', "32"],
    ['"true"', "true"],
    ['"a \\"b\\""', 'a "b"'],
    ["0:1:0.1", "0:1:0.1"],
    ["9007199254740993", "9007199254740993"],
    ["1e999", "1e999"],
    ["0x10", "0x10"],
    ["1.2.3", "1.2.3"],
  ])("%s", (typed, value) => expect(parseScalar(typed)).toBe(value));

  it.each([0, -1.5, 1e-7, true, false, "adam", "32", "true", "", " a ", "log 1e-4:1e-1:4", 'q"'])(
    "%j is read as it was written",
    (value) => expect(parseScalar(formatScalar(value))).toBe(value),
  );
});

it.each([
  [[1, 2.5], "number"],
  [[1, "0:1:0.1"], "number"],
  [["0:1:0.1"], "range"],
  [[true], "boolean"],
  [["a", 1], "mixed"],
  [[], "none"],
  [["http://a:b:c"], "text"],
] as const)("%j holds %s", (values, kind) => expect(kindOf(values)).toBe(kind));

describe("a table of combinations", () => {
  it("has names above and values below", () => {
    expect(parseCombinations('lr,opt\n0.1,adam\n0.01,"a,b"\n\n')).toEqual([
      { lr: 0.1, opt: "adam" },
      { lr: 0.01, opt: "a,b" },
    ]);
  });
  it("may come from a spreadsheet, with cells missing", () => {
    expect(parseCombinations("lr\thidden\r\n0.1\t32\r\n0.2")).toEqual([{ lr: 0.1, hidden: 32 }, { lr: 0.2 }]);
  });
  it("is empty without lines", () => expect(parseCombinations("lr,opt")).toEqual([]));
});
