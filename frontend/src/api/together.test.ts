import { describe, expect, it, vi } from "vitest";
import { askTogether } from "./together";

const asking = (most = 10) => {
  const ask = vi.fn(async (questions: readonly string[], _signal: AbortSignal) =>
    questions.map((one) => one.toUpperCase()),
  );
  return {
    ask,
    put: askTogether<string, string>(
      (question) => question.slice(0, 1),
      () => most,
      ask,
    ),
  };
};
const never = () => new AbortController().signal;

describe("questions of one moment", () => {
  it("go out as one for each group, and everybody gets the own answer", async () => {
    const { ask, put } = asking();
    expect(await Promise.all([put("a1", never()), put("b1", never()), put("a2", never())])).toEqual([
      "A1",
      "B1",
      "A2",
    ]);
    expect(ask.mock.calls.map(([questions]) => questions)).toEqual([["a1", "a2"], ["b1"]]);
    expect(await put("a3", never())).toBe("A3");
    expect(ask).toHaveBeenCalledTimes(3);
  });
  it("are cut where they would be too many", async () => {
    const { ask, put } = asking(2);
    await Promise.all(["a1", "a2", "a3"].map((one) => put(one, never())));
    expect(ask.mock.calls.map(([questions]) => questions)).toEqual([["a1", "a2"], ["a3"]]);
  });
  it("fail together", async () => {
    const put = askTogether<string, string>(
      () => "",
      () => 9,
      async () => Promise.reject(new Error("gone")),
    );
    const both = await Promise.allSettled([put("a", never()), put("b", never())]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });
  it("are given up when nobody waits for any of them", async () => {
    const stoppers = [new AbortController(), new AbortController()];
    let signal: AbortSignal | undefined;
    const put = askTogether<string, string>(
      () => "",
      () => 9,
      (_questions, given) => {
        signal = given;
        return new Promise(() => undefined);
      },
    );
    for (const { signal } of stoppers) void put("a", signal);
    await vi.waitFor(() => expect(signal).toBeDefined());
    stoppers[0]?.abort();
    expect(signal?.aborted).toBe(false);
    stoppers[1]?.abort();
    expect(signal?.aborted).toBe(true);
  });
  it("are not put when nobody waits any more", async () => {
    const { ask, put } = asking();
    const stopper = new AbortController();
    void put("a1", stopper.signal);
    stopper.abort();
    await put("a2", never());
    expect(ask.mock.calls.map(([questions]) => questions)).toEqual([["a2"]]);
  });
});
