// One run of a pipeline: its actions live with their output, the button that opens its track, stop, run again.
import { Button, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { leavesQuery } from "@/api/folders";
import { hasEnded, jobQuery } from "@/api/jobs";
import { type ActionStatus, type RunDetail, rerun, runQuery, stopRun } from "@/api/pipelines";
import { Section } from "@/components/definition/section";
import { ErrorPanel, errorText } from "@/components/error-panel";
import { JobStateLabel } from "@/components/job-state";
import { RowSkeleton } from "@/components/row-skeleton";
import { WaitingNote } from "@/features/jobs/job-card";
import { JobHistory } from "@/features/jobs/job-history";
import { StopButton } from "@/features/jobs/stop-button";
import { RunActions } from "@/features/pipelines/run-actions";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { formatAgo } from "@/lib/format";
import { parseRunNumber } from "@/lib/jobs-state";
import { useJobsInterval } from "@/lib/preferences";
import { PipelineCrumbs } from "./lab-crumbs";
import { OpenTrack } from "./open-track";
import { ProjectPage } from "./project-page";
import classes from "./project-page.module.css";
import { useCanWrite } from "./use-can-write";

const ConsoleView = lazy(async () => ({
  default: (await import("@/features/console/console-view")).ConsoleView,
}));

export function RunPage() {
  const { project, pipeline, run } = useParams({ from: "/p/$project/pipelines/$pipeline/runs/$run" });
  useLiveReload({ project, isAlways: true });
  const number = parseRunNumber(run);
  const answer = useQuery({
    ...runQuery(pipeline, number),
    refetchInterval: useJobsInterval(),
    placeholderData: undefined,
  });
  const canWrite = useCanWrite(project);
  if (answer.data)
    return <Run key={`${pipeline} ${number}`} project={project} run={answer.data} canWrite={canWrite} />;
  return (
    <ProjectPage project={project} title="">
      {answer.isError ? (
        <ErrorPanel error={answer.error} onRetry={() => void answer.refetch()} />
      ) : (
        <RowSkeleton height={46} />
      )}
    </ProjectPage>
  );
}

interface Props {
  project: string;
  run: RunDetail;
  canWrite: boolean;
}

function Run({ project, run, canWrite }: Props) {
  const { t, i18n } = useTranslation();
  const title = `${run.pipeline_name} #${run.run_number}`;
  return (
    <ProjectPage
      project={project}
      title={title}
      name={title}
      crumbs={
        <PipelineCrumbs
          project={project}
          pipeline={{ pipeline_id: run.pipeline_id, name: run.pipeline_name }}
        />
      }
      tools={<Tools project={project} run={run} canWrite={canWrite} name={title} />}
    >
      <div className={classes.stack}>
        <div className={classes.summary} role="status">
          <JobStateLabel state={run.job.state} />
          <WaitingNote job={run.job} />
          <span className="dim">
            {t("submission.byWhen", {
              name: run.created_by,
              when: formatAgo(run.created_at, i18n.language),
            })}
          </span>
        </div>
        {run.comment && (
          <Text style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{run.comment}</Text>
        )}
        <div className="card">
          <RunActions run={run} output={(action) => <Output trackId={run.job.track_id} action={action} />} />
        </div>
        <History run={run} />
      </div>
    </ProjectPage>
  );
}

const MOST_STREAMS = 1000;

/** What an action printed; a stream that does not exist yet is not asked for. */
function Output({ trackId, action }: { trackId: string; action: ActionStatus }) {
  const { t } = useTranslation();
  const streams = useQuery({
    ...leavesQuery(trackId, { kind: "console", limit: MOST_STREAMS }),
    refetchInterval: useJobsInterval(),
    placeholderData: undefined,
  });
  if (!streams.data) return <RowSkeleton rows={8} height={14} />;
  if (!streams.data.entries.some(({ key }) => key.endsWith(`/${action.stream}`)))
    return (
      <Text size="sm" className="dim">
        {t(action.state === "running" ? "run.noOutputYet" : "run.noOutput")}
      </Text>
    );
  return (
    <div className={classes.console}>
      <Suspense fallback={<RowSkeleton rows={8} height={14} />}>
        <ConsoleView trackId={trackId} stream={action.stream} line={undefined} onLine={() => {}} />
      </Suspense>
    </div>
  );
}

function Tools({ project, run, canWrite, name }: Props & { name: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const again = useMutation({
    mutationFn: () => rerun(run.pipeline_id, run.run_number),
    onSuccess: (started) => {
      void queryClient.invalidateQueries({ queryKey: ["runs"] });
      void navigate({
        to: "/p/$project/pipelines/$pipeline/runs/$run",
        params: { project, pipeline: run.pipeline_id, run: String(started.run_number) },
      });
    },
  });
  return (
    <>
      {again.isError && (
        <Text c="var(--danger)" size="sm" role="alert">
          {errorText(again.error)}
        </Text>
      )}
      {run.uses_track && <OpenTrack trackId={run.job.track_id} />}
      {canWrite && hasEnded(run.job.state) && (
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} />}
          loading={again.isPending}
          onClick={() => again.mutate()}
        >
          {t("run.again")}
        </Button>
      )}
      {canWrite && (
        <StopButton
          size="sm"
          name={name}
          state={run.job.state}
          stop={() => stopRun(run.pipeline_id, run.run_number)}
        />
      )}
    </>
  );
}

function History({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const job = useQuery({ ...jobQuery(run.job.track_id), refetchInterval: useJobsInterval() });
  if (!job.data) return null;
  return (
    <Section title={t("job.history")}>
      <JobHistory job={job.data} />
    </Section>
  );
}
