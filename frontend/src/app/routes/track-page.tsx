// One track: bar, tree left, the selected entry right; or its TensorBoard.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { trackQuery, treeQuery } from "@/api/tracks";
import type { Entry } from "@/api/types";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { SplitPane } from "@/components/split-pane";
import { FolderTree } from "@/features/folders/folder-tree";
import { TensorboardFrame } from "@/features/tensorboard/tensorboard-frame";
import { usePreload } from "@/features/tensorboard/use-preload";
import { TrackBar } from "@/features/tracks/track-bar";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { setPreferences, usePreferences, useReloadInterval } from "@/lib/preferences";
import type { TrackSearch } from "@/lib/url-state";
import { EntryView } from "./entry-view";
import { SignedInPage } from "./signed-in-page";
import classes from "./track-page.module.css";

const NO_ENTRIES: Entry[] = [];

export function TrackPage() {
  const { t } = useTranslation();
  const { track: trackId } = useParams({ from: "/t/$track" });
  const search = useSearch({ from: "/t/$track" });
  const navigate = useNavigate({ from: "/t/$track" });
  useLiveReload({ track: trackId });
  const refetchInterval = useReloadInterval();
  const track = useQuery({ ...trackQuery(trackId), refetchInterval });
  const tree = useQuery({ ...treeQuery(trackId), refetchInterval });
  const { treeWidth } = usePreferences();
  const isTensorboard = search.view === "tensorboard";
  // Once loaded, TensorBoard stays mounted: switching back must not start it anew.
  const { isMounted, onRest } = usePreload(trackId, isTensorboard);

  // Choosing another entry is a step one goes back from; moving a slider is not.
  const open = (path: string) =>
    void navigate({ search: (before) => ({ ...before, path, lo: undefined, hi: undefined, as: undefined }) });
  const change = (part: Partial<TrackSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });

  const entries = tree.data?.entries ?? NO_ENTRIES;
  const failure = track.error ?? tree.error;
  const crumbs = track.data && (
    <>
      <Link to="/projects" className="phone-hidden">
        {t("app.projects")}
      </Link>
      <span className="phone-hidden">/</span>
      <Link to="/p/$project" params={{ project: track.data.project_name }}>
        {track.data.project_name}
      </Link>
    </>
  );
  return (
    <SignedInPage crumbs={crumbs}>
      {failure && !(track.data && tree.data) ? (
        <ErrorPanel error={failure} onRetry={() => void Promise.all([track.refetch(), tree.refetch()])} />
      ) : !track.data || !tree.data ? (
        <RowSkeleton rows={8} height={28} />
      ) : (
        <div className={classes.page}>
          <TrackBar
            track={track.data}
            isTensorboard={isTensorboard}
            onRest={onRest}
            onSwitch={() =>
              void navigate({
                search: (before) => ({ ...before, view: isTensorboard ? undefined : "tensorboard" }),
              })
            }
          />
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
                label={t("tree.resize")}
                onResize={(width) => setPreferences({ treeWidth: width })}
                left={<FolderTree key={trackId} entries={entries} selected={search.path} onSelect={open} />}
                right={
                  <EntryView
                    trackId={trackId}
                    entries={entries}
                    search={search}
                    onSearch={change}
                    onOpen={open}
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
