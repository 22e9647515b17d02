// Which preview fits a file, by its type and, where the type says little, by its name. Pure.

export type PreviewKind =
  | "image"
  | "json"
  | "yaml"
  | "csv"
  | "tsv"
  | "parquet"
  | "markdown"
  | "audio"
  | "video"
  | "html"
  | "histogram"
  | "events"
  | "text"
  | "other";

const IMAGES = /^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml)$/;
const BY_NAME: [RegExp, PreviewKind][] = [
  [/\.histogram\.json$/i, "histogram"],
  [/\.(png|jpe?g|gif|webp|avif|bmp|svg)$/i, "image"],
  [/\.(json|ipynb|geojson)$/i, "json"],
  [/\.ya?ml$/i, "yaml"],
  [/\.tsv$/i, "tsv"],
  [/\.csv$/i, "csv"],
  [/\.(parquet|pq)$/i, "parquet"],
  [/\.(md|markdown)$/i, "markdown"],
  [/\.html?$/i, "html"],
  [/\.(mp3|wav|ogg|oga|flac|m4a|opus)$/i, "audio"],
  [/\.(mp4|webm|ogv|mov|m4v)$/i, "video"],
  [/(^|\/)events\.out\.tfevents\./i, "events"],
  [
    /\.(txt|log|py|js|ts|tsx|jsx|sh|bash|toml|ini|cfg|conf|env|xml|css|c|cc|cpp|h|hpp|cu|go|rs|java|r|jl|lua|sql|tex|diff|patch|rst|jsonl|ndjson)$/i,
    "text",
  ],
  [/(^|\/)(Dockerfile|Makefile|requirements[^/]*|LICENSE|README)$/, "text"],
];
const BY_TYPE: [RegExp, PreviewKind][] = [
  [IMAGES, "image"],
  [/^application\/(json|.*\+json)$/, "json"],
  [/^(application|text)\/(x-)?yaml$/, "yaml"],
  [/^text\/tab-separated-values$/, "tsv"],
  [/^text\/csv$/, "csv"],
  [/^application\/(vnd\.apache\.)?parquet$/, "parquet"],
  [/^text\/markdown$/, "markdown"],
  [/^(text\/html|application\/xhtml\+xml)$/, "html"],
  [/^audio\//, "audio"],
  [/^video\//, "video"],
  [/^(text\/|.*(xml|javascript|x-sh)$)/, "text"],
];

export function previewKind(key: string, contentType: string | null): PreviewKind {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const byName = BY_NAME.find(([pattern]) => pattern.test(key))?.[1];
  const byType = BY_TYPE.find(([pattern]) => pattern.test(type))?.[1];
  // "text/plain" and "application/json" are what clients say who know no better; a name says more.
  const isVague = byType === undefined || byType === "text" || byType === "json";
  return (isVague ? (byName ?? byType) : byType) ?? "other";
}

const LANGUAGES: [RegExp, string][] = [
  [/\.(py|pyi)$/i, "python"],
  [/\.(js|jsx|mjs|cjs)$/i, "javascript"],
  [/\.tsx?$/i, "typescript"],
  [/\.(json|ipynb|jsonl|ndjson)$/i, "json"],
  [/\.ya?ml$/i, "yaml"],
  [/\.(sh|bash|env)$/i, "bash"],
  [/\.(ini|cfg|conf|toml)$/i, "ini"],
  [/\.(xml|html?|svg)$/i, "xml"],
  [/\.css$/i, "css"],
  [/\.(c|cc|cpp|h|hpp|cu)$/i, "cpp"],
  [/\.go$/i, "go"],
  [/\.rs$/i, "rust"],
  [/\.java$/i, "java"],
  [/\.r$/i, "r"],
  [/\.sql$/i, "sql"],
  [/\.(diff|patch)$/i, "diff"],
  [/\.(md|markdown)$/i, "markdown"],
  [/(^|\/)Dockerfile$/, "dockerfile"],
  [/(^|\/)Makefile$/, "makefile"],
];

/** The name that the highlighter has for the language of a file; null for plain text. */
export const languageOf = (key: string): string | null =>
  LANGUAGES.find(([pattern]) => pattern.test(key))?.[1] ?? null;
