import { expect, it } from "vitest";
import { previewKind } from "./preview-kind";

it.each([
  ["a/plot.png", "image/png", "image"],
  ["a/model.pt", "application/octet-stream", "none"],
  ["a/metrics.json", "application/octet-stream", "json"],
  ["a/table", "text/csv; charset=utf-8", "csv"],
  ["README.md", null, "markdown"],
  ["train.py", "application/octet-stream", "text"],
  ["page.html", "text/html", "text"],
])("%s of type %s is shown as %s", (key, type, kind) => expect(previewKind(key, type)).toBe(kind));
