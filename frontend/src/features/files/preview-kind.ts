// Which preview fits a file, by its type and, where the type says little, by its name.

export type PreviewKind = "image" | "json" | "csv" | "tsv" | "markdown" | "text" | "none";

const IMAGES = /^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml)$/;
const TEXT_NAMES =
  /\.(txt|log|py|ipynb|js|ts|sh|yml|yaml|toml|ini|cfg|conf|env|xml|html?|css|c|cc|cpp|h|cu|go|rs|java|r|sql|tex|diff|patch|rst|jsonl)$/i;

export function previewKind(key: string, contentType: string | null): PreviewKind {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (IMAGES.test(type) || /\.(png|jpe?g|gif|webp|svg)$/i.test(key)) return "image";
  if (type === "application/json" || /\.json$/i.test(key)) return "json";
  if (type === "text/tab-separated-values" || /\.tsv$/i.test(key)) return "tsv";
  if (type === "text/csv" || /\.csv$/i.test(key)) return "csv";
  if (type === "text/markdown" || /\.(md|markdown)$/i.test(key)) return "markdown";
  if (type.startsWith("text/") || /(yaml|xml|javascript|x-sh)$/.test(type) || TEXT_NAMES.test(key))
    return "text";
  return "none";
}
