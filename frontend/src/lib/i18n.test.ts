import { describe, expect, it } from "vitest";
import { en } from "./locales/en";
import { zhTw } from "./locales/zh-tw";

const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();

describe("languages", () => {
  it("have the same keys", () => {
    expect(Object.keys(zhTw).sort()).toEqual(Object.keys(en).sort());
  });
  it.each(Object.keys(en) as (keyof typeof en)[])("%s has a text and the same holes in both", (key) => {
    expect(zhTw[key].trim()).not.toBe("");
    expect(holes(zhTw[key])).toEqual(holes(en[key]));
  });
});
