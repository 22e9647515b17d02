import { expect, it } from "vitest";
import { languageOf, previewKind } from "./preview-kind";

it.each([
  ["a/plot.png", "image/png", "image"],
  ["a/model.pt", "application/octet-stream", "other"],
  ["a/metrics.json", "application/octet-stream", "json"],
  ["a/table", "text/csv; charset=utf-8", "csv"],
  ["README.md", null, "markdown"],
  ["train.py", "application/octet-stream", "text"],
  ["train.py", "text/plain", "text"],
  ["table.csv", "text/plain", "csv"],
  ["page.html", "text/html", "html"],
  ["page.txt", "text/html", "html"],
  ["w/00000012.histogram.json", "application/json", "histogram"],
  ["run/events.out.tfevents.1700000000.host", "application/octet-stream", "events"],
  ["clip", "video/mp4", "video"],
  ["config.yaml", "text/plain", "yaml"],
  ["d.parquet", "application/octet-stream", "parquet"],
])("%s of type %s is shown as %s", (key, type, kind) => expect(previewKind(key, type)).toBe(kind));

it.each([
  ["source/git/diff.patch", "diff"],
  ["Dockerfile", "dockerfile"],
  ["notes.txt", null],
])("%s is written in %s", (key, language) => expect(languageOf(key)).toBe(language));
