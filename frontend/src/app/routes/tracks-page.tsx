// The tracks of one project.
import { Button, Group, Text, Title, useComputedColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { tracksQuery } from "@/api/tracks";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { PythonSample } from "@/components/python-sample";
import { RowSkeleton } from "@/components/row-skeleton";
import { MAX_TRACKS, tensorboardAddress } from "@/features/tensorboard/address";
import { DeleteTracksDialog } from "@/features/tracks/delete-tracks-dialog";
import { TrackFilters } from "@/features/tracks/track-filters";
import { TrackTable } from "@/features/tracks/track-table";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { useReloadInterval } from "@/lib/preferences";
import type { TracksSearch } from "@/lib/url-state";
import { SignedInPage } from "./signed-in-page";

const NEWEST_FIRST = "-created_at";

export function TracksPage() {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const { project } = useParams({ from: "/p/$project" });
  const search = useSearch({ from: "/p/$project" });
  const navigate = useNavigate({ from: "/p/$project" });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isAsking, { open, close }] = useDisclosure(false);
  const sort = search.sort ?? NEWEST_FIRST;
  useLiveReload({ project });
  const tracks = useInfiniteQuery({
    ...tracksQuery(project, { ...search, sort }),
    refetchInterval: useReloadInterval(),
  });
  const shown = tracks.data?.pages.flatMap((page) => page.items);
  const chosen = shown?.filter((track) => selected.has(track.track_id)) ?? [];
  const change = (part: Partial<TracksSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const isFiltered = Boolean(search.q || search.status || search.tag);

  return (
    <SignedInPage crumbs={<Link to="/projects">{t("app.projects")}</Link>}>
      <div className="page">
        <Title order={1} mb="md">
          {project}
        </Title>
        <Group justify="space-between" mb="md" mih={36}>
          <TrackFilters key={project} search={search} onChange={change} />
          {chosen.length > 0 && (
            <Group gap="sm" role="region" aria-live="polite">
              <Text size="sm">{t("tracks.selected", { count: chosen.length })}</Text>
              <Button variant="subtle" onClick={() => setSelected(new Set())}>
                {t("tracks.clearSelection")}
              </Button>
              <Button
                component="a"
                variant="default"
                href={tensorboardAddress(
                  chosen.slice(0, MAX_TRACKS).map((track) => track.track_id),
                  scheme === "dark",
                )}
                target="_blank"
                rel="noopener"
                title={chosen.length > MAX_TRACKS ? t("tensorboard.first", { count: MAX_TRACKS }) : undefined}
              >
                {t("tensorboard.open")}
              </Button>
              <Button color="red.8" onClick={open}>
                {t("app.delete")}
              </Button>
            </Group>
          )}
        </Group>
        {tracks.isError && !shown ? (
          <ErrorPanel error={tracks.error} onRetry={() => void tracks.refetch()} />
        ) : !shown ? (
          <RowSkeleton height={32} />
        ) : shown.length > 0 ? (
          <TrackTable
            tracks={shown}
            selected={selected}
            onSelect={setSelected}
            sort={sort}
            onSort={(next) => change({ sort: next === NEWEST_FIRST ? undefined : next })}
            onTag={(tag) => change({ tag })}
          />
        ) : isFiltered ? (
          <EmptyState title={t("tracks.noneMatch")}>
            <Button variant="default" onClick={() => void navigate({ search: {} })}>
              {t("tracks.clearFilter")}
            </Button>
          </EmptyState>
        ) : (
          <EmptyState title={t("tracks.emptyTitle")} text={t("tracks.empty")}>
            <PythonSample project={project} />
          </EmptyState>
        )}
        {tracks.hasNextPage && (
          <Group justify="center" mt="md">
            <Button
              variant="default"
              loading={tracks.isFetchingNextPage}
              onClick={() => void tracks.fetchNextPage()}
            >
              {t("app.loadMore")}
            </Button>
          </Group>
        )}
      </div>
      <DeleteTracksDialog
        tracks={chosen}
        isOpen={isAsking}
        onClose={close}
        onDeleted={() => {
          close();
          setSelected(new Set());
        }}
      />
    </SignedInPage>
  );
}
