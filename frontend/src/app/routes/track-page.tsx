// One track: bar, tree left, the selected entry right; or its TensorBoard.
import { useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { stopJob } from "@/api/jobs";
import { trackQuery } from "@/api/tracks";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { SplitPane } from "@/components/split-pane";
import { FolderTree } from "@/features/folders/folder-tree";
import { jobEvents } from "@/features/jobs/job-events";
import { StopButton } from "@/features/jobs/stop-button";
import { TensorboardFrame } from "@/features/tensorboard/tensorboard-frame";
import { usePreload } from "@/features/tensorboard/use-preload";
import { LiveNotice } from "@/features/tracks/live-notice";
import { TrackBar } from "@/features/tracks/track-bar";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { setPreferences, usePreferences, useReloadInterval } from "@/lib/preferences";
import type { TrackSearch } from "@/lib/url-state";
import { EntryView, fetchView } from "./entry-view";
import { ProjectCrumbs } from "./project-crumbs";
import { SignedInPage } from "./signed-in-page";
import classes from "./track-page.module.css";
import { useCanWrite, useMayEdit } from "./use-can-write";
import { useTrackJob } from "./use-track-job";

export function TrackPage() {
  const { t } = useTranslation();
  const { track: trackId } = useParams({ from: "/t/$track" });
  const search = useSearch({ from: "/t/$track" });
  const navigate = useNavigate({ from: "/t/$track" });
  useLiveReload({ track: trackId });
  const track = useQuery({ ...trackQuery(trackId), refetchInterval: useReloadInterval() });
  const job = useTrackJob(track.data);
  const canWrite = useCanWrite(track.data?.project_name ?? "");
  const mayEdit = useMayEdit(track.data?.project_name ?? "");
  const events = useMemo(
    () => (job ? jobEvents(job.history, (state) => t(`job.state.${state}`)) : []),
    [job, t],
  );
  const { treeWidth, isTreeOpen, hasKeys } = usePreferences();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what the page begins with.
  useEffect(() => fetchView(search.path), []);
  const isTensorboard = search.view === "tensorboard";
  // Once loaded, TensorBoard stays mounted: switching back must not start it anew.
  const { isMounted, onRest } = usePreload(trackId, isTensorboard);

  // Choosing another entry is a step one goes back from; moving a slider is not.
  const open = (path: string, isStep = false) =>
    void navigate({
      search: (before) => ({
        ...before,
        path: path || undefined,
        ...(isStep
          ? {}
          : { lo: undefined, hi: undefined, as: undefined, m: undefined, line: undefined, both: undefined }),
      }),
      replace: isStep,
    });
  const change = (part: Partial<TrackSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const switchView = () =>
    void navigate({ search: (before) => ({ ...before, view: isTensorboard ? undefined : "tensorboard" }) });
  useHotkeys(
    hasKeys
      ? [
          ["[", () => setPreferences({ isTreeOpen: !isTreeOpen })],
          ["/", () => document.getElementById("tree-filter")?.focus()],
          ["S", () => change({ x: undefined, lo: undefined, hi: undefined })],
          ["T", () => change({ x: "time", lo: undefined, hi: undefined })],
          ["L", () => change({ ylog: search.ylog ? undefined : true })],
          ["0", () => change({ lo: undefined, hi: undefined })],
          ["F", () => void toggleFullScreen()],
        ]
      : [],
  );
  const name = track.data?.name;
  useEffect(() => {
    if (name) document.title = `${name} · MLSteam Track`;
    return () => {
      document.title = "MLSteam Track";
    };
  }, [name]);

  const crumbs = track.data && <ProjectCrumbs project={track.data.project_name} />;
  return (
    <SignedInPage crumbs={crumbs}>
      {track.error && !track.data ? (
        <ErrorPanel error={track.error} onRetry={() => void track.refetch()} />
      ) : !track.data ? (
        <RowSkeleton rows={8} height={28} />
      ) : (
        <div className={classes.page}>
          <TrackBar
            track={track.data}
            mayEdit={mayEdit}
            isTensorboard={isTensorboard}
            onRest={onRest}
            onSwitch={switchView}
          >
            {job && canWrite && (
              <StopButton name={track.data.name} state={job.state} stop={() => stopJob(trackId)} />
            )}
          </TrackBar>
          <LiveNotice />
          <div className={classes.fill}>
            {isMounted && (
              <TensorboardFrame
                key={trackId}
                trackId={trackId}
                name={track.data.name}
                isShown={isTensorboard}
              />
            )}
            {!isTensorboard && (
              <SplitPane
                width={treeWidth}
                isOpen={isTreeOpen}
                label={t("tree.resize")}
                onResize={(width) => setPreferences({ treeWidth: width })}
                left={
                  <FolderTree
                    key={trackId}
                    trackId={trackId}
                    projectId={track.data.project_id}
                    selected={search.path}
                    onSelect={open}
                  />
                }
                right={
                  <EntryView
                    key={trackId}
                    track={track.data}
                    search={search}
                    job={job}
                    trackEvents={events}
                    onSearch={change}
                    onOpen={open}
                    onTensorboard={switchView}
                  />
                }
              />
            )}
          </div>
        </div>
      )}
    </SignedInPage>
  );
}

function toggleFullScreen() {
  if (document.fullscreenElement) return document.exitFullscreen();
  return document.getElementById("main")?.requestFullscreen();
}
