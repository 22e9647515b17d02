// One file: what it is, how to get it, and a preview where one fits.
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { fileTextQuery, fileUrl, PREVIEW_BYTES } from "@/api/files";
import type { Leaf } from "@/api/types";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatBytes, formatDate } from "@/lib/format";
import { CsvPreview } from "./csv-preview";
import classes from "./files.module.css";
import { JsonPreview } from "./json-preview";
import { type PreviewKind, previewKind } from "./preview-kind";

// Markdown is a big parser for few files: loaded when the first one is opened.
const MarkdownPreview = lazy(() => import("./markdown-preview"));
const LARGEST_IMAGE = 50 * 1024 * 1024;

interface Props {
  trackId: string;
  fileKey: string;
  leaf: Leaf;
}

export function FilePreview({ trackId, fileKey, leaf }: Props) {
  const { t, i18n } = useTranslation();
  const kind = previewKind(fileKey, leaf.content_type);
  const size = leaf.size_bytes ?? 0;
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start">
        <div className={classes.facts}>
          <span>{formatBytes(size)}</span>
          {leaf.content_type && <span>{leaf.content_type}</span>}
          {leaf.time !== null && <span>{formatDate(leaf.time, i18n.language)}</span>}
          {leaf.sha256 && (
            <span className="mono cut" title={leaf.sha256}>
              sha256 {leaf.sha256}
            </span>
          )}
        </div>
        <Button
          component="a"
          href={fileUrl(trackId, fileKey, true)}
          download
          variant="default"
          leftSection={<IconDownload size={16} />}
        >
          {t("app.download")}
        </Button>
      </Group>
      {size === 0 ? (
        <EmptyState title={t("file.empty")} />
      ) : kind === "none" ? (
        <EmptyState title={t("file.noPreview")} />
      ) : kind === "image" ? (
        size > LARGEST_IMAGE ? (
          <EmptyState title={t("file.tooLarge")} />
        ) : (
          <div className={classes.checker}>
            <img src={fileUrl(trackId, fileKey)} alt={fileKey} />
          </div>
        )
      ) : (
        <TextPreview trackId={trackId} fileKey={fileKey} leaf={leaf} kind={kind} />
      )}
    </Stack>
  );
}

function TextPreview({ trackId, fileKey, leaf, kind }: Props & { kind: PreviewKind }) {
  const { t } = useTranslation();
  const text = useQuery(fileTextQuery(trackId, fileKey, leaf.sha256));
  if (text.isError) return <ErrorPanel error={text.error} onRetry={() => void text.refetch()} />;
  if (text.data === undefined || text.isPlaceholderData) return <RowSkeleton rows={10} height={14} />;
  const isCut = (leaf.size_bytes ?? 0) > PREVIEW_BYTES;
  return (
    <Stack gap="xs">
      {isCut && (
        <Text size="sm" className="dim">
          {t("file.truncated", { size: formatBytes(PREVIEW_BYTES) })}
        </Text>
      )}
      {kind === "markdown" ? (
        <Suspense fallback={<RowSkeleton rows={10} height={14} />}>
          <MarkdownPreview text={text.data} />
        </Suspense>
      ) : kind === "csv" || kind === "tsv" ? (
        <CsvPreview text={text.data} separator={kind === "csv" ? "," : "\t"} />
      ) : kind === "json" && !isCut ? (
        <JsonPreview text={text.data} />
      ) : (
        <pre className={`code ${classes.text}`}>{text.data}</pre>
      )}
    </Stack>
  );
}
