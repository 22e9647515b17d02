// One file: what it is, how to get it, and a preview where one fits. What is large is previewed in part, and says so.
import { Button, Group, Stack } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { fileUrl, PREVIEW_BYTES } from "@/api/files";
import type { Leaf } from "@/api/types";
import { CopyIcon } from "@/components/copy-text";
import { EmptyState } from "@/components/empty-state";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatBytes, formatDate } from "@/lib/format";
import classes from "./files.module.css";
import { HtmlFrame } from "./html-frame";
import { ImageViewer } from "./image-viewer";
import { MediaPlayer } from "./media-player";
import { previewKind } from "./preview-kind";
import { TextPreview } from "./text-preview";

// Each is a chunk of its own: loaded when the first file of its kind is opened.
const HexView = lazy(() => import("./hex-view"));
const ParquetPreview = lazy(() => import("./parquet-preview"));
const HistogramPreview = lazy(() => import("./histogram-preview"));

const LARGEST_SHOWN = 50 * 1024 * 1024;
const STREAMED = new Set(["audio", "video", "parquet", "other", "events"]);

export interface FileProps {
  trackId: string;
  fileKey: string;
  leaf: Leaf;
}

interface Props extends FileProps {
  line: number | undefined;
  onLine: (line: number | undefined) => void;
  onOpen: (key: string, isStep?: boolean) => void;
  onTensorboard: () => void;
}

export function FilePreview(props: Props) {
  const { t, i18n } = useTranslation();
  const { trackId, fileKey, leaf } = props;
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
            <span className={classes.sha}>
              <span className="mono cut" title={leaf.sha256}>
                sha256 {leaf.sha256.slice(0, 12)}…
              </span>
              <CopyIcon value={leaf.sha256} />
            </span>
          )}
        </div>
        <Button
          component="a"
          href={fileUrl(trackId, fileKey, true)}
          download
          variant="default"
          size="xs"
          leftSection={<IconDownload size={16} />}
        >
          {t("app.download")}
        </Button>
      </Group>
      {size === 0 ? (
        <EmptyState title={t("file.empty")} />
      ) : size > LARGEST_SHOWN && !STREAMED.has(kind) ? (
        <Large {...props}>{kind === "image" || kind === "html" ? null : undefined}</Large>
      ) : (
        <Preview {...props} />
      )}
    </Stack>
  );
}

/** Over fifty megabytes nothing is fetched unasked. */
function Large(props: Props & { children: ReactNode }) {
  const { t } = useTranslation();
  const [isWanted, setWanted] = useState(false);
  if (isWanted) return <Preview {...props} />;
  const size = formatBytes(LARGEST_SHOWN);
  return (
    <EmptyState title={t("file.tooLarge")} text={t("file.tooLargeText", { size })}>
      {props.children !== null && (
        <Button variant="default" onClick={() => setWanted(true)}>
          {t("file.previewFirst", { size: formatBytes(PREVIEW_BYTES) })}
        </Button>
      )}
    </EmptyState>
  );
}

function Preview(props: Props) {
  const { t } = useTranslation();
  const { trackId, fileKey, leaf } = props;
  const kind = previewKind(fileKey, leaf.content_type);
  switch (kind) {
    case "image":
      return <ImageViewer {...props} />;
    case "audio":
    case "video":
      return <MediaPlayer trackId={trackId} fileKey={fileKey} kind={kind} />;
    case "html":
      return <HtmlFrame {...props} />;
    case "parquet":
      return (
        <Waiting>
          <ParquetPreview {...props} />
        </Waiting>
      );
    case "histogram":
      return (
        <Waiting>
          <HistogramPreview {...props} />
        </Waiting>
      );
    case "events":
      return (
        <EmptyState title={t("file.events")} text={t("file.eventsText")}>
          <Button onClick={props.onTensorboard}>{t("track.toTensorboard")}</Button>
        </EmptyState>
      );
    case "other":
      return (
        <Waiting>
          <HexView {...props} />
        </Waiting>
      );
    default:
      return <TextPreview {...props} kind={kind} />;
  }
}

export function Waiting({ children }: { children: ReactNode }) {
  return <Suspense fallback={<RowSkeleton rows={10} height={14} />}>{children}</Suspense>;
}
