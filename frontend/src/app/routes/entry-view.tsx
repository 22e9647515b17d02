// The right side of the track page: whatever `?path=` names.
import { Group, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/client";
import { entryQuery } from "@/api/folders";
import type { JobDetail } from "@/api/jobs";
import type { Entry, Leaf, Track } from "@/api/types";
import { CopyIcon } from "@/components/copy-text";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { laterPart } from "@/components/later";
import { PartBoundary } from "@/components/part-boundary";
import { RowSkeleton } from "@/components/row-skeleton";
import { ConfigValue } from "@/features/configs/config-value";
import { PinButton } from "@/features/folders/pinned-leaves";
import type { TrackEvent } from "@/features/series/chart-events";
import { useReloadInterval } from "@/lib/preferences";
import type { TrackSearch } from "@/lib/url-state";
import { ConsoleStreams } from "./console-streams";
import classes from "./entry-view.module.css";

// A visit begins with one of them; the others are fetched when somebody moves.
const loadOverview = async () => (await import("./track-overview")).TrackOverview;
const loadPanel = async () => (await import("@/features/series/series-panel")).SeriesPanel;
const MEANWHILE = <RowSkeleton rows={4} height={40} />;
const TrackOverview = laterPart(loadOverview, MEANWHILE);
const FolderOverview = laterPart(async () => (await import("./folder-overview")).FolderOverview, MEANWHILE);
const SeriesPanel = laterPart(loadPanel, MEANWHILE);
// The viewers of files are many; most visits open none.
const FilePreview = lazy(async () => ({
  default: (await import("@/features/files/file-preview")).FilePreview,
}));

export interface EntryViewProps {
  track: Track;
  search: TrackSearch;
  trackEvents: readonly TrackEvent[];
  job: JobDetail | undefined;
  onSearch: (change: Partial<TrackSearch>) => void;
  /** A step through a series of files replaces the address; anything else is a step one goes back from. */
  onOpen: (key: string, isStep?: boolean) => void;
  onTensorboard: () => void;
}

/** Begins to fetch what most likely is shown; beside the question what the track is, not behind it. */
export function fetchView(path: string | undefined): void {
  // A console has its own view, and draws no chart.
  if (path?.startsWith("console/")) return;
  (path ? loadPanel() : loadOverview()).catch(() => undefined);
}

export function EntryView(props: EntryViewProps) {
  const { track, search, onSearch, onOpen } = props;
  if (!search.path) return <TrackOverview {...{ track, job: props.job, search, onSearch, onOpen }} />;
  return <KnownEntry {...props} path={search.path} />;
}

function KnownEntry(props: EntryViewProps & { path: string }) {
  const { t } = useTranslation();
  const { track, path, search, onSearch, onOpen } = props;
  const answer = useQuery({ ...entryQuery(track.track_id, path), refetchInterval: useReloadInterval() });
  if (answer.isError && !answer.data) {
    if (answer.error instanceof ApiError && answer.error.code === "leaf_not_found")
      return <EmptyState title={t("folder.missingTitle")} text={t("folder.missing", { key: path })} />;
    return <ErrorPanel error={answer.error} onRetry={() => void answer.refetch()} />;
  }
  if (!answer.data) return MEANWHILE;
  const entry = answer.data;
  return (
    <Stack gap="md" className={entry.leaf?.kind === "console" ? classes.whole : undefined}>
      <Group gap={4} wrap="nowrap" className={classes.head}>
        <EntryTitle path={path} onOpen={onOpen} />
        <CopyIcon value={path} />
        {entry.leaf && <PinButton projectId={track.project_id} leafKey={path} />}
      </Group>
      {entry.leaf && (
        <PartBoundary name={path}>
          <LeafView key={viewKey(entry)} {...props} entry={entry} leaf={entry.leaf} />
        </PartBoundary>
      )}
      {entry.is_folder && (
        <FolderOverview
          trackId={track.track_id}
          folder={entry.key}
          search={search}
          onSearch={onSearch}
          onOpen={onOpen}
        />
      )}
    </Stack>
  );
}

/** Files of one series share a view, so that going through them keeps the zoom and does not flicker. */
function viewKey(entry: Entry): string {
  const isStep = entry.leaf?.kind === "file" && /^-?\d+(\.\d+)?\./.test(entry.name);
  return isStep ? entry.key.slice(0, -entry.name.length) : entry.key;
}

/** The key with each folder as a way up. */
function EntryTitle({ path, onOpen }: { path: string; onOpen: (key: string) => void }) {
  const { t } = useTranslation();
  const parts = path.split("/");
  return (
    <Title order={2} className={classes.title}>
      <button type="button" onClick={() => onOpen("")} title={t("track.overview")}>
        {t("track.overview")}
      </button>
      {parts.map((part, index) => {
        const key = parts.slice(0, index + 1).join("/");
        const isLast = index === parts.length - 1;
        return (
          <span key={key}>
            <span className="dim"> / </span>
            {isLast ? (
              part
            ) : (
              <button type="button" onClick={() => onOpen(key)}>
                {part}
              </button>
            )}
          </span>
        );
      })}
    </Title>
  );
}

function LeafView({
  track,
  entry,
  leaf,
  search,
  trackEvents,
  onSearch,
  onOpen,
  onTensorboard,
}: EntryViewProps & { entry: Entry; leaf: Leaf }) {
  const trackId = track.track_id;
  const onLine = (line: number | undefined) => onSearch({ line });
  switch (leaf.kind) {
    case "series":
      return (
        <SeriesPanel
          trackId={trackId}
          seriesKey={entry.key}
          isText={leaf.type === "str"}
          search={search}
          trackEvents={trackEvents}
          onSearch={onSearch}
        />
      );
    case "config":
      return <ConfigValue leaf={leaf} />;
    case "console":
      return (
        <ConsoleStreams
          trackId={trackId}
          streamKey={entry.key}
          line={search.line}
          isBoth={search.both ?? false}
          onLine={onLine}
          onBoth={(isOn) => onSearch({ both: isOn || undefined, line: undefined })}
          onOpen={onOpen}
        />
      );
    case "file":
      return (
        <Suspense fallback={<RowSkeleton rows={8} height={16} />}>
          <FilePreview
            trackId={trackId}
            fileKey={entry.key}
            leaf={leaf}
            line={search.line}
            onLine={onLine}
            onOpen={onOpen}
            onTensorboard={onTensorboard}
          />
        </Suspense>
      );
  }
}
