import { expect, test } from "vitest";
import { tensorboardAddress } from "./address";

test("several tracks are runs of one TensorBoard, in the colours of the page", () => {
  const address = new URL(tensorboardAddress(["a", "b"], true));
  expect(address.pathname.endsWith("/tb/a,b/")).toBe(true);
  expect(address.searchParams.get("darkMode")).toBe("true");
  expect(address.hash).toBe("#scalars");
});
