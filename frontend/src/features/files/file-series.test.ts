import { describe, expect, it } from "vitest";
import type { Entry } from "@/api/types";
import { stepFiles } from "./file-series";
import { toHexRows } from "./hex";
import { readHistogram } from "./histogram";
import { pictureKey } from "./markdown-preview";
import { cellText } from "./parquet";
import { snappyUncompress } from "./snappy";

const file = (key: string): Entry => ({
  key,
  name: key,
  is_folder: false,
  n_leaves: 0,
  leaf: null,
  children: null,
});

describe("files of a series", () => {
  it("are the neighbours whose names are steps, by step", () => {
    const entries = [
      "a/00000010.png",
      "a/00000002.png",
      "a/-00000001.png",
      "a/notes.png",
      "a/00000003.csv",
      "a/b/1.png",
    ];
    expect(stepFiles(entries.map(file), "a/00000002.png").map((one) => one.label)).toEqual(["-1", "2", "10"]);
    expect(stepFiles(entries.map(file), "a/notes.png")).toEqual([]);
  });
});

describe("pictures of markdown", () => {
  it.each([
    ["plot.png", "docs/plot.png"],
    ["../img/a%20b.png", "img/a b.png"],
    ["/top.png", "top.png"],
    ["https://elsewhere/x.png", null],
    ["//elsewhere/x.png", null],
    ["data:image/png;base64,xx", null],
    ["javascript:alert(1)", null],
    ["%zz.png", "docs/%zz.png"],
  ])("named %s are %s", (source, key) => expect(pictureKey("docs", source)).toBe(key));
});

describe("histograms", () => {
  it("have one edge more than counts", () => {
    expect(readHistogram('{"counts":[1,2],"edges":[0,1,2]}')).toEqual({ counts: [1, 2], edges: [0, 1, 2] });
  });
  it.each([
    '{"counts":[1],"edges":[0]}',
    '{"counts":["x"],"edges":[0,1]}',
    '{"counts":[1],"edges":[2,1]}',
    "no",
    "null",
  ])("are none of %s", (text) => expect(readHistogram(text)).toBeNull());
});

it("writes bytes as rows", () => {
  expect(toHexRows(new TextEncoder().encode("Hello\n"))).toEqual([
    "000000  48 65 6c 6c 6f 0a                                Hello·",
  ]);
});

it("writes what a cell of a table may hold", () => {
  expect(cellText({ a: 12n })).toBe('{"a":"12"}');
  expect(cellText(null)).toBe("");
  expect(cellText(new Uint8Array([1, 255]))).toBe("01 ff");
});

it("unpacks what Parquet files are packed with, without WebAssembly", () => {
  // Six bytes: three as they are, then three copied from three before.
  const packed = new Uint8Array([6, 0x08, 97, 98, 99, 0x0a, 3, 0]);
  expect(new TextDecoder().decode(snappyUncompress(packed, 6))).toBe("abcabc");
});
