// The window that SUBMIT opens: the submitted jobs as tracks, live, whatever "Reload data" says.
import { Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChartDots3, IconPlayerStop, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { canStop, hasEnded, resubmitJob } from "@/api/jobs";
import {
  resubmit,
  type SubmissionDetail,
  type SubmittedJob,
  stopSubmission,
  submissionQuery,
} from "@/api/labs";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { JobsTable } from "@/features/jobs/jobs-table";
import { ResubmitDialog } from "@/features/jobs/resubmit-dialog";
import { StateBar, StateFilter } from "@/features/jobs/state-filter";
import { StopDialog } from "@/features/jobs/stop-dialog";
import { SearchPanel } from "@/features/labs/search-panel";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { formatAgo } from "@/lib/format";
import { useJobsInterval } from "@/lib/preferences";
import { LabCrumbs } from "./lab-crumbs";
import { ProjectPage } from "./project-page";
import classes from "./project-page.module.css";
import { useCanWrite } from "./use-can-write";

const MOST_COMPARED = 100;

export function SubmissionPage() {
  const { project, submission: id } = useParams({ from: "/p/$project/submissions/$submission" });
  useLiveReload({ project, isAlways: true });
  const answer = useQuery({
    ...submissionQuery(id),
    refetchInterval: useJobsInterval(),
    placeholderData: undefined,
  });
  const canWrite = useCanWrite(project);
  const found = answer.data;
  if (found) return <Submission key={id} project={project} submission={found} canWrite={canWrite} />;
  return (
    <ProjectPage project={project} title="">
      {answer.isError ? (
        <ErrorPanel error={answer.error} onRetry={() => void answer.refetch()} />
      ) : (
        <RowSkeleton height={36} />
      )}
    </ProjectPage>
  );
}

interface Props {
  project: string;
  submission: SubmissionDetail;
  canWrite: boolean;
}

/** What is submitted again: one job, those that failed, or all. */
type Again = { job: SubmittedJob } | "failed" | "all";

function Submission({ project, submission, canWrite }: Props) {
  const { t, i18n } = useTranslation();
  const { state } = useSearch({ from: "/p/$project/submissions/$submission" });
  const navigate = useNavigate({ from: "/p/$project/submissions/$submission" });
  const [again, setAgain] = useState<Again | null>(null);
  const onResubmit = useCallback((job: SubmittedJob) => setAgain({ job }), []);
  const lab = { lab_id: submission.lab_id, name: submission.lab_name };
  const title = `${submission.lab_name} #${submission.number}`;
  const { search } = submission;
  const shown = state ? submission.jobs.filter((job) => job.state === state) : submission.jobs;
  return (
    <ProjectPage
      project={project}
      title={title}
      name={title}
      crumbs={<LabCrumbs project={project} lab={lab} />}
      tools={<Tools project={project} submission={submission} canWrite={canWrite} onAgain={setAgain} />}
    >
      <div className={classes.stack}>
        {search && <SearchPanel search={search} jobs={submission.jobs} />}
        <div className={classes.summary}>
          <StateFilter
            states={submission.states}
            chosen={state}
            onChoose={(next) => void navigate({ search: { state: next }, replace: true })}
          />
          <span className="dim">
            {t("submission.byWhen", {
              name: submission.created_by,
              when: formatAgo(submission.created_at, i18n.language),
            })}
          </span>
        </div>
        <StateBar states={submission.states} />
        {search && submission.n_jobs === 0 ? (
          <EmptyState title={t("search.emptyTitle")} text={search.ended_at ? "" : t("search.empty")} />
        ) : submission.jobs.length === 0 ? (
          <EmptyState title={t("submission.emptyTitle")} text={t("submission.empty")} />
        ) : shown.length === 0 ? (
          <EmptyState title={t("submission.noneMatch")} />
        ) : (
          <JobsTable
            jobs={shown}
            objective={search ? { name: search.objective, best: search.best?.track_id } : undefined}
            canWrite={canWrite}
            onResubmit={onResubmit}
          />
        )}
      </div>
      {again && (
        <Resubmit
          again={again}
          submission={submission}
          onClose={() => setAgain(null)}
          onSubmitted={(made) =>
            void navigate({
              to: "/p/$project/submissions/$submission",
              params: { project, submission: made.submission_id },
              search: {},
            })
          }
        />
      )}
    </ProjectPage>
  );
}

function Tools({ project, submission, canWrite, onAgain }: Props & { onAgain: (again: Again) => void }) {
  const { t } = useTranslation();
  const [isStopping, { open, close }] = useDisclosure(false);
  const nGoing = submission.jobs.filter((job) => canStop(job.state)).length;
  const nFailed = submission.jobs.filter(isFailed).length;
  const isSearching = submission.search?.ended_at === null;
  const isOver = !isSearching && submission.jobs.every((job) => hasEnded(job.state));
  const ids = submission.jobs.slice(0, MOST_COMPARED).map((job) => job.track_id);
  return (
    <>
      {ids.length > 1 && (
        <Button
          variant="default"
          leftSection={<IconChartDots3 size={16} />}
          renderRoot={(props) => (
            <Link to="/p/$project/compare" params={{ project }} search={{ t: ids.join(",") }} {...props} />
          )}
        >
          {t("tracks.compare")}
        </Button>
      )}
      {canWrite && submission.jobs.length > 0 && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" leftSection={<IconRefresh size={16} />}>
              {t("resubmit.button")}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item disabled={nFailed === 0} onClick={() => onAgain("failed")}>
              {t("resubmit.failed", { count: nFailed })}
            </Menu.Item>
            <Menu.Item onClick={() => onAgain("all")}>
              {t("resubmit.all", { count: submission.jobs.length })}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {canWrite && !isOver && (
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={16} />}
          disabled={nGoing === 0 && !isSearching}
          onClick={open}
        >
          {t(isSearching ? "search.stop" : "submission.stopAll")}
        </Button>
      )}
      {isStopping && (
        <StopDialog
          title={isSearching ? t("search.stopTitle") : t("submission.stopTitle", { count: nGoing })}
          text={isSearching ? `${t("search.stopText")} ${t("job.stopText")}` : t("job.stopText")}
          stop={() => stopSubmission(submission.submission_id)}
          onClose={close}
        />
      )}
    </>
  );
}

const isFailed = (job: SubmittedJob) => job.state === "failed" || job.state === "lost";

interface ResubmitProps {
  again: Again;
  submission: SubmissionDetail;
  onClose: () => void;
  onSubmitted: (submission: SubmissionDetail) => void;
}

function Resubmit({ again, submission, onClose, onSubmitted }: ResubmitProps) {
  const { t } = useTranslation();
  if (typeof again === "object") {
    const { job } = again;
    return (
      <ResubmitDialog
        title={t("resubmit.titleOne", { name: job.track_name })}
        text={t("resubmit.text")}
        params={[job.params]}
        resubmit={(changed) => resubmitJob(job.track_id, changed)}
        onSubmitted={onSubmitted}
        onClose={onClose}
      />
    );
  }
  const jobs = again === "failed" ? submission.jobs.filter(isFailed) : submission.jobs;
  return (
    <ResubmitDialog
      title={t("resubmit.title", { count: jobs.length })}
      text={t("resubmit.text")}
      params={jobs.map((job) => job.params)}
      resubmit={(changed) => resubmit(submission.submission_id, again, changed)}
      onSubmitted={onSubmitted}
      onClose={onClose}
    />
  );
}
