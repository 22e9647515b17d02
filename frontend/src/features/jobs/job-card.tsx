// The job of a track: where it stands and why, how it ended, and all that happened to it.
import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { JobDetail } from "@/api/jobs";
import { Fact, Facts } from "@/components/fact";
import { JobStateLabel } from "@/components/job-state";
import { formatDate, formatDuration, trackSeconds } from "@/lib/format";
import { Cause, JobHistory } from "./job-history";
import classes from "./jobs.module.css";

interface Props {
  job: JobDetail;
  project: string;
  children?: ReactNode;
}

export function JobCard({ job, project, children }: Props) {
  const { t } = useTranslation();
  return (
    <section className={`card ${classes.job}`} aria-label={t("job.title")}>
      <div className={classes.head}>
        <h3>{t("job.title")}</h3>
        <JobStateLabel state={job.state} />
        <span className={classes.grow} />
        <Origin job={job} project={project} />
        {children}
      </div>
      <WaitingNote job={job} />
      <div className={classes.columns}>
        <JobFacts job={job} />
        <JobHistory job={job} />
      </div>
    </section>
  );
}

function Origin({ job, project }: Props) {
  const { t } = useTranslation();
  if (job.submission_id)
    return (
      <Anchor
        size="sm"
        renderRoot={(props) => (
          <Link
            to="/p/$project/submissions/$submission"
            params={{ project, submission: job.submission_id ?? "" }}
            {...props}
          />
        )}
      >
        {t("job.toSubmission")}
      </Anchor>
    );
  return (
    <Anchor
      size="sm"
      renderRoot={(props) => (
        <Link to="/p/$project/pipelines/$pipeline" params={{ project, pipeline: job.owner_id }} {...props} />
      )}
    >
      {t("job.toPipeline")}
    </Anchor>
  );
}

/** Why it has not started, in the server's words. */
export function WaitingNote({ job }: { job: Pick<JobDetail, "state" | "waiting"> }) {
  if (job.state !== "queued" || !job.waiting) return null;
  const isBad = job.waiting.reason === "no_runner" || job.waiting.reason === "no_room";
  return (
    <Text size="sm" role="status" c={isBad ? "var(--warn)" : undefined}>
      <WaitingText waiting={job.waiting} />
    </Text>
  );
}

export function WaitingText({ waiting }: { waiting: NonNullable<JobDetail["waiting"]> }) {
  const { t } = useTranslation();
  switch (waiting.reason) {
    case "next":
      return <>{t("job.waiting.next", { n: waiting.place })}</>;
    case "no_place":
      return <>{t("job.waiting.no_place", { n: waiting.place })}</>;
    case "no_runner":
      return <>{t("job.waiting.no_runner")}</>;
    default:
      // What a cluster or a full machine says is only known in its own words.
      return <>{waiting.sentence}</>;
  }
}

function JobFacts({ job }: { job: JobDetail }) {
  const { t, i18n } = useTranslation();
  const when = (at: string) => formatDate(at, i18n.language);
  return (
    <Facts className={classes.facts}>
      <Fact name={t("job.queuedAt")}>{when(job.queued_at)}</Fact>
      {job.started_at && <Fact name={t("job.startedAt")}>{when(job.started_at)}</Fact>}
      {job.stop_asked_by && (
        <Fact name={t("job.stopAsked")}>
          {t("job.stopAskedBy", { name: job.stop_asked_by, when: when(job.stop_asked_at ?? "") })}
        </Fact>
      )}
      {job.ended_at && (
        <>
          <Fact name={t("job.endedAt")}>{when(job.ended_at)}</Fact>
          {job.started_at && (
            <Fact name={t("job.ran")}>{formatDuration(trackSeconds(job.started_at, job.ended_at))}</Fact>
          )}
        </>
      )}
      {job.signal && <Fact name={t("job.signal")}>{job.signal}</Fact>}
      {job.exit_in_words && <Fact name={t("job.exit")}>{job.exit_in_words}</Fact>}
      {job.cause && job.ended_at && (
        <Fact name={t("job.cause")}>
          <Cause text={job.cause} />
        </Fact>
      )}
      {job.ended_at && job.last_seen_at && <Fact name={t("job.lastPoint")}>{when(job.last_seen_at)}</Fact>}
    </Facts>
  );
}
