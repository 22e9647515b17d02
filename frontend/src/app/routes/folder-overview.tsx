// What a folder holds: values as a table, series as small charts, console streams and files as lists.
import { Anchor, SimpleGrid, Stack, Title } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Entry, LeafKind } from "@/api/types";
import { ConfigTable } from "@/features/configs/config-table";
import { FileList } from "@/features/files/file-list";
import { viewFromSearch } from "@/features/series/series-panel";
import { SeriesThumbnail } from "@/features/series/series-thumbnail";
import { listLeaves } from "@/lib/tree";
import type { TrackSearch } from "@/lib/url-state";

interface Props {
  trackId: string;
  folder: string;
  entries: readonly Entry[];
  search: TrackSearch;
  onOpen: (key: string) => void;
}

export function FolderOverview({ trackId, folder, entries, search, onOpen }: Props) {
  const { t } = useTranslation();
  const leaves = useMemo(() => listLeaves(entries), [entries]);
  const of = (kind: LeafKind) => leaves.filter((entry) => entry.leaf?.kind === kind);
  const [configs, series, consoles, files] = [of("config"), of("series"), of("console"), of("file")];
  const labelOf = (entry: Entry) => (folder ? entry.key.slice(folder.length + 1) : entry.key);
  // The zoomed range belongs to one series; an overview shows all of each.
  const view = useMemo(() => ({ ...viewFromSearch(search), range: null }), [search]);
  return (
    <Stack gap="xl">
      {series.length > 0 && (
        <section>
          <Title order={2} mb="sm">
            {t("folder.charts")}
          </Title>
          <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="md">
            {series.map((entry) => (
              <SeriesThumbnail
                key={entry.key}
                trackId={trackId}
                seriesKey={entry.key}
                label={labelOf(entry)}
                last={entry.leaf?.value ?? null}
                isText={entry.leaf?.type === "str"}
                view={view}
                onOpen={() => onOpen(entry.key)}
              />
            ))}
          </SimpleGrid>
        </section>
      )}
      {configs.length > 0 && (
        <section>
          <Title order={2} mb="sm">
            {t("folder.values")}
          </Title>
          <ConfigTable entries={configs} labelOf={labelOf} onOpen={onOpen} />
        </section>
      )}
      {consoles.length > 0 && (
        <section>
          <Title order={2} mb="sm">
            {t("folder.console")}
          </Title>
          <Stack gap={4} align="flex-start">
            {consoles.map((entry) => (
              <Anchor key={entry.key} component="button" onClick={() => onOpen(entry.key)}>
                {labelOf(entry)}
              </Anchor>
            ))}
          </Stack>
        </section>
      )}
      {files.length > 0 && (
        <section>
          <Title order={2} mb="sm">
            {t("folder.files")}
          </Title>
          <FileList trackId={trackId} entries={files} labelOf={labelOf} onOpen={onOpen} />
        </section>
      )}
    </Stack>
  );
}
