// Files of text: the first megabyte, each kind by its viewer; more of it when asked for.
import { Button, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { fileTextQuery, PREVIEW_BYTES } from "@/api/files";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatBytes } from "@/lib/format";
import type { FileProps } from "./file-preview";
import { languageOf, type PreviewKind } from "./preview-kind";

const MarkdownPreview = lazy(() => import("./markdown-preview"));
const CodePreview = lazy(() => import("./code-preview"));
const TreePreview = lazy(() => import("./tree-preview"));
const CsvPreview = lazy(() => import("./csv-preview"));

interface Props extends FileProps {
  kind: PreviewKind;
  line: number | undefined;
  onLine: (line: number | undefined) => void;
}

const MOST_BYTES = 50 * PREVIEW_BYTES;
const HAS_RAW: readonly PreviewKind[] = ["markdown", "csv", "tsv", "json", "yaml", "html"];

export function TextPreview({ trackId, fileKey, leaf, kind, line, onLine }: Props) {
  const { t } = useTranslation();
  const [bytes, setBytes] = useState(PREVIEW_BYTES);
  const [isRaw, setRaw] = useState(false);
  const size = leaf.size_bytes ?? 0;
  const text = useQuery({
    ...fileTextQuery(trackId, fileKey, leaf.sha256, Math.min(bytes, Math.max(1, size))),
    placeholderData: (before, query) => (query?.queryKey[2] === fileKey ? before : undefined),
  });
  if (text.isError) return <ErrorPanel error={text.error} onRetry={() => void text.refetch()} />;
  if (text.data === undefined) return <RowSkeleton rows={10} height={14} />;
  const isCut = size > bytes;
  const shown = isRaw || kind === "html" ? "text" : kind;
  return (
    <Stack gap="xs">
      <Group gap="md">
        {HAS_RAW.includes(kind) && kind !== "html" && (
          <SegmentedControl
            size="xs"
            aria-label={t("file.view")}
            value={isRaw ? "raw" : "shown"}
            onChange={(value) => setRaw(value === "raw")}
            data={[
              { value: "shown", label: t("file.shown") },
              { value: "raw", label: t("file.raw") },
            ]}
          />
        )}
        {isCut && (
          <Text size="sm" className="dim">
            {t("file.truncated", { size: formatBytes(bytes), of: formatBytes(size) })}
          </Text>
        )}
        {isCut && bytes < MOST_BYTES && (
          <Button
            size="compact-sm"
            variant="default"
            loading={text.isFetching}
            onClick={() => setBytes(Math.min(MOST_BYTES, bytes * 8))}
          >
            {t("file.more")}
          </Button>
        )}
      </Group>
      <Suspense fallback={<RowSkeleton rows={10} height={14} />}>
        {shown === "markdown" ? (
          <MarkdownPreview text={text.data} trackId={trackId} fileKey={fileKey} />
        ) : shown === "csv" || shown === "tsv" ? (
          <CsvPreview text={text.data} separator={shown === "csv" ? "," : "\t"} isCut={isCut} />
        ) : (shown === "json" || shown === "yaml") && !isCut ? (
          <TreePreview text={text.data} form={shown} />
        ) : (
          <CodePreview text={text.data} language={languageOf(fileKey)} line={line} onLine={onLine} />
        )}
      </Suspense>
    </Stack>
  );
}
