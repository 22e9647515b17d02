// What a folder holds at any depth: series as small charts, values as a table, console streams and files as lists.
import { Anchor, Button, SimpleGrid, Stack, Title } from "@mantine/core";
import { IconZoomReset } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { leavesQuery } from "@/api/folders";
import type { Entry, LeafKind } from "@/api/types";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { ConfigTable } from "@/features/configs/config-table";
import { FileList } from "@/features/files/file-list";
import { SeriesThumbnail } from "@/features/series/series-thumbnail";
import { SeriesToolbar } from "@/features/series/series-toolbar";
import { type SeriesView, searchFromView, viewFromSearch } from "@/features/series/series-view";
import { formatCount } from "@/lib/format";
import { useReloadInterval } from "@/lib/preferences";
import type { TrackSearch } from "@/lib/url-state";

interface Props {
  trackId: string;
  folder: string;
  /** Folders that are shown elsewhere. */
  without?: readonly string[];
  search: TrackSearch;
  onSearch: (change: Partial<TrackSearch>) => void;
  onOpen: (key: string) => void;
}

const AT_ONCE: Record<LeafKind, number> = { series: 60, config: 100, console: 100, file: 100 };
const MOST = 1000;

export function FolderOverview({ trackId, folder, without, search, onSearch, onOpen }: Props) {
  const { t } = useTranslation();
  const labelOf = (entry: Entry) => (folder ? entry.key.slice(folder.length + 1) : entry.key);
  const parts = { trackId, folder, without };
  return (
    <Stack gap="xl">
      <LeafSection {...parts} kind="series" title={t("folder.charts")}>
        {(entries) => <SeriesGrid {...{ trackId, entries, search, onSearch, onOpen, labelOf }} />}
      </LeafSection>
      <LeafSection {...parts} kind="config" title={t("folder.values")}>
        {(entries) => <ConfigTable entries={entries} labelOf={labelOf} onOpen={onOpen} />}
      </LeafSection>
      <LeafSection {...parts} kind="console" title={t("folder.console")}>
        {(entries) => (
          <Stack gap={4} align="flex-start">
            {entries.map((entry) => (
              <Anchor key={entry.key} component="button" onClick={() => onOpen(entry.key)}>
                {labelOf(entry)}{" "}
                <span className="dim num">
                  {t("console.lines", { count: entry.leaf?.n_lines ?? 0, n: entry.leaf?.n_lines ?? 0 })}
                </span>
              </Anchor>
            ))}
          </Stack>
        )}
      </LeafSection>
      <LeafSection {...parts} kind="file" title={t("folder.files")}>
        {(entries) => <FileList trackId={trackId} entries={entries} labelOf={labelOf} onOpen={onOpen} />}
      </LeafSection>
    </Stack>
  );
}

interface SectionProps {
  trackId: string;
  folder: string;
  without?: readonly string[];
  kind: LeafKind;
  title: string;
  children: (entries: readonly Entry[]) => React.ReactNode;
}

function LeafSection({ trackId, folder, without, kind, title, children }: SectionProps) {
  const { t, i18n } = useTranslation();
  const [limit, setLimit] = useState(AT_ONCE[kind]);
  const leaves = useQuery({
    ...leavesQuery(trackId, { path: folder, kind, without, limit }),
    // Of another folder nothing stays; of this one, what is there while more comes.
    placeholderData: (before, query) => (query?.queryKey[2] === folder ? before : undefined),
    refetchInterval: useReloadInterval(),
  });
  if (leaves.isError && !leaves.data)
    return <ErrorPanel error={leaves.error} onRetry={() => void leaves.refetch()} />;
  if (!leaves.data) return kind === "series" ? <RowSkeleton rows={3} height={120} /> : null;
  const total = leaves.data.counts[kind];
  if (total === 0) return null;
  const shown = leaves.data.entries.length;
  return (
    <section>
      <Title order={2} mb="sm">
        {title} <span className="dim num">{formatCount(total, i18n.language)}</span>
      </Title>
      {children(leaves.data.entries)}
      {shown < total && shown < MOST && (
        <Button
          mt="sm"
          size="xs"
          variant="default"
          loading={leaves.isFetching}
          onClick={() => setLimit(Math.min(MOST, limit * 3))}
        >
          {t("folder.more", { shown, n: formatCount(total, i18n.language) })}
        </Button>
      )}
      {shown >= MOST && shown < total && <p className="dim">{t("folder.most", { shown })}</p>}
    </section>
  );
}

interface GridProps extends Pick<Props, "trackId" | "search" | "onSearch" | "onOpen"> {
  entries: readonly Entry[];
  labelOf: (entry: Entry) => string;
}

function SeriesGrid({ trackId, entries, search, onSearch, onOpen, labelOf }: GridProps) {
  const { t } = useTranslation();
  const view = useMemo(() => viewFromSearch(search), [search]);
  const change = (part: Partial<SeriesView>) => onSearch(searchFromView(part, view.x));
  return (
    <>
      <SeriesToolbar view={view} onChange={change}>
        {view.range && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconZoomReset size={16} />}
            onClick={() => change({ range: null })}
          >
            {t("series.reset")}
          </Button>
        )}
      </SeriesToolbar>
      <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }} spacing="md">
        {entries.map((entry) => (
          <SeriesThumbnail
            key={entry.key}
            trackId={trackId}
            seriesKey={entry.key}
            label={labelOf(entry)}
            last={entry.leaf?.value ?? null}
            isText={entry.leaf?.type === "str"}
            view={view}
            onOpen={() => onOpen(entry.key)}
            onZoom={(lo, hi) => change({ range: [lo, hi] })}
            onReset={() => change({ range: null })}
          />
        ))}
      </SimpleGrid>
    </>
  );
}
