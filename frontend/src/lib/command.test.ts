import { describe, expect, it } from "vitest";
import { joinCommand, splitCommand } from "./command";

describe("a command line", () => {
  it.each([
    ["python train.py --epochs 10", ["python", "train.py", "--epochs", "10"]],
    ["  spaced \t out\n", ["spaced", "out"]],
    [`python -c 'print("a b")'`, ["python", "-c", 'print("a b")']],
    [`echo "say \\"hi\\"" a\\ b`, ["echo", 'say "hi"', "a b"]],
    [`"a\\n"`, ["a\\n"]],
    [`x '' ""`, ["x", "", ""]],
    ["a'b'c", ["abc"]],
    ["$HOME; rm -rf /", ["$HOME;", "rm", "-rf", "/"]],
    ["", []],
  ])("%s", (line, words) => expect(splitCommand(line)).toEqual(words));

  it("is not complete while a quote is open", () => {
    expect(splitCommand("echo 'a")).toBeNull();
    expect(splitCommand('echo "a\\"')).toBeNull();
  });

  it("splits into what was joined", () => {
    const words = ["python", "a b", "it's", "", 'say "x"', "back\\slash", "新 檔", "*", "$HOME", "\n"];
    expect(splitCommand(joinCommand(words))).toEqual(words);
  });
});
