// The right side of the track page: whatever `?path=` names.
import { Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Entry, Leaf } from "@/api/types";
import { EmptyState } from "@/components/empty-state";
import { PythonSample } from "@/components/python-sample";
import { ConfigValue } from "@/features/configs/config-value";
import { ConsoleView } from "@/features/console/console-view";
import { FilePreview } from "@/features/files/file-preview";
import { SeriesPanel } from "@/features/series/series-panel";
import { findEntry } from "@/lib/tree";
import type { TrackSearch } from "@/lib/url-state";
import { FolderOverview } from "./folder-overview";

interface Props {
  trackId: string;
  entries: readonly Entry[];
  search: TrackSearch;
  onSearch: (change: Partial<TrackSearch>) => void;
  onOpen: (key: string) => void;
}

export function EntryView({ trackId, entries, search, onSearch, onOpen }: Props) {
  const { t } = useTranslation();
  if (entries.length === 0) {
    return (
      <EmptyState title={t("track.emptyTitle")} text={t("track.empty")}>
        <PythonSample />
      </EmptyState>
    );
  }
  if (!search.path) {
    return <FolderOverview trackId={trackId} folder="" entries={entries} search={search} onOpen={onOpen} />;
  }
  const entry = findEntry(entries, search.path);
  if (!entry)
    return <EmptyState title={t("folder.missingTitle")} text={t("folder.missing", { key: search.path })} />;
  return (
    <Stack gap="md" h={entry.leaf?.kind === "console" ? "100%" : undefined}>
      <Title order={2} style={{ overflowWrap: "anywhere" }}>
        {entry.key}
      </Title>
      {entry.leaf && (
        <LeafView
          key={entry.key}
          trackId={trackId}
          entry={entry}
          leaf={entry.leaf}
          search={search}
          onSearch={onSearch}
        />
      )}
      {entry.is_folder && (
        <FolderOverview
          trackId={trackId}
          folder={entry.key}
          entries={entry.children ?? []}
          search={search}
          onOpen={onOpen}
        />
      )}
    </Stack>
  );
}

interface LeafProps extends Pick<Props, "trackId" | "search" | "onSearch"> {
  entry: Entry;
  leaf: Leaf;
}

function LeafView({ trackId, entry, leaf, search, onSearch }: LeafProps) {
  switch (leaf.kind) {
    case "series":
      return (
        <SeriesPanel
          trackId={trackId}
          seriesKey={entry.key}
          isText={leaf.type === "str"}
          search={search}
          onSearch={onSearch}
        />
      );
    case "config":
      return <ConfigValue leaf={leaf} />;
    case "console":
      return <ConsoleView trackId={trackId} stream={entry.name} />;
    case "file":
      return <FilePreview trackId={trackId} fileKey={entry.key} leaf={leaf} />;
  }
}
