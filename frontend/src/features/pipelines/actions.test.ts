import { describe, expect, it } from "vitest";
import { emptyAction, isActionComplete, KINDS, move } from "./actions";

describe("moving", () => {
  it.each([
    [0, 2, "bca"],
    [2, 0, "cab"],
    [1, 2, "acb"],
    [1, 1, "abc"],
  ])("from %i to %i", (from, to, moved) => expect(move(["a", "b", "c"], from, to).join("")).toBe(moved));
});

describe("an action", () => {
  it.each(KINDS)("%s is not complete at first", (kind) =>
    expect(isActionComplete(emptyAction(kind))).toBe(false),
  );
  it("is complete with what it does", () => {
    expect(isActionComplete({ kind: "git", name: "", url: "https://a/b", revision: "" })).toBe(true);
    expect(isActionComplete({ kind: "publish", name: "", patterns: ["*"], folder: "" })).toBe(true);
    expect(isActionComplete({ kind: "command", name: "", command: ["ls"], uses_shell: false })).toBe(true);
    expect(isActionComplete({ kind: "command", name: "", command: [" "], uses_shell: true })).toBe(false);
  });
});
