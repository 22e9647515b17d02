// A track as a whole: what one should know of it, and below that all it logged.
import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { levelQuery } from "@/api/folders";
import type { JobDetail } from "@/api/jobs";
import type { Track } from "@/api/types";
import { EmptyState } from "@/components/empty-state";
import { PythonSample } from "@/components/python-sample";
import { JobCard } from "@/features/jobs/job-card";
import { NOTED_FOLDERS } from "@/features/tracks/columns";
import { TrackFacts } from "@/features/tracks/track-facts";
import { useReloadInterval } from "@/lib/preferences";
import type { TrackSearch } from "@/lib/url-state";
import { FolderOverview } from "./folder-overview";
import { useMayEdit } from "./use-can-write";

interface Props {
  track: Track;
  job: JobDetail | undefined;
  search: TrackSearch;
  onSearch: (change: Partial<TrackSearch>) => void;
  onOpen: (key: string) => void;
}

export function TrackOverview({ track, job, search, onSearch, onOpen }: Props) {
  const { t } = useTranslation();
  const mayEdit = useMayEdit(track.project_name);
  const root = useQuery({ ...levelQuery(track.track_id, "", 0), refetchInterval: useReloadInterval() });
  return (
    <Stack gap="xl">
      {job && <JobCard job={job} project={track.project_name} />}
      <TrackFacts track={track} job={job} mayEdit={mayEdit} onOpen={onOpen} />
      {root.data?.n_entries === 0 ? (
        // A job that has not begun logs by itself as soon as it does.
        job && !job.started_at ? null : (
          <EmptyState title={t("track.emptyTitle")} text={t("track.empty")}>
            <PythonSample project={track.project_name} />
          </EmptyState>
        )
      ) : (
        <FolderOverview
          trackId={track.track_id}
          folder=""
          // Shown as facts, or a click away; they would stand before what is the track's own.
          without={NOTED_FOLDERS}
          search={search}
          onSearch={onSearch}
          onOpen={onOpen}
        />
      )}
    </Stack>
  );
}
