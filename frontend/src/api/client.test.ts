import { describe, expect, it } from "vitest";
import { ApiError, isPassing, pauseBefore, toApiError } from "./client";

const busy = (after?: string) =>
  toApiError(
    new Response(JSON.stringify({ error: "too_many_tries", detail: "Wait." }), {
      status: 429,
      headers: after ? { "Retry-After": after } : {},
    }),
  );

describe("a question that failed", () => {
  it("is put again when the server asked for it", async () => {
    const error = await busy("7");
    expect(error.retryAfterS).toBe(7);
    expect(isPassing(0, error)).toBe(true);
    expect(isPassing(2, error)).toBe(false);
    expect(pauseBefore(0, error)).toBe(7000);
  });
  it("waits longer each time when nobody says how long, and never for minutes", async () => {
    const error = await busy();
    expect([0, 1, 2].map((count) => pauseBefore(count, error))).toEqual([1000, 2000, 4000]);
    expect(pauseBefore(0, await busy("3600"))).toBe(60_000);
  });
  it("is not put again when it was refused", () => {
    expect(isPassing(0, new ApiError(404, "not_found", "", null, {}))).toBe(false);
    expect(isPassing(0, new ApiError(503, "busy", "", null, {}))).toBe(true);
  });
});
