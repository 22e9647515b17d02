// The jobs of a submission as tracks: what each was given, where it stands and why, and what can be done with it.
import { ActionIcon, Menu, VisuallyHidden } from "@mantine/core";
import { IconDotsVertical, IconTrophy } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { canStop, hasEnded, stopJob } from "@/api/jobs";
import type { SubmittedJob } from "@/api/labs";
import { JobStateLabel, PrunedLabel } from "@/components/job-state";
import { formatDuration, formatValue, trackSeconds } from "@/lib/format";
import { formatScalar } from "@/lib/scalars";
import { useNow } from "@/lib/use-now";
import { WaitingText } from "./job-card";
import { Cause } from "./job-history";
import classes from "./jobs-table.module.css";
import { StopButton } from "./stop-button";

/** Of a search: the key whose values count, and the track that is best so far. */
interface Objective {
  name: string;
  best: string | undefined;
}

interface Props {
  jobs: readonly SubmittedJob[];
  objective?: Objective;
  canWrite: boolean;
  onResubmit: (job: SubmittedJob) => void;
}

export function JobsTable({ jobs, objective, canWrite, onResubmit }: Props) {
  const { t } = useTranslation();
  const names = paramNames(jobs);
  return (
    <div className="card scroll-x">
      <table className="rows">
        <thead>
          <tr>
            <th>{t("tracks.name")}</th>
            <th>{t("column.status")}</th>
            {objective && <th className={`phone-hidden ${classes.param}`}>{objective.name}</th>}
            {names.map((name) => (
              <th key={name} className={`phone-hidden ${classes.param}`}>
                {name}
              </th>
            ))}
            <th className={`phone-hidden ${classes.right}`}>{t("column.duration")}</th>
            {canWrite && (
              <th className={classes.right}>
                <VisuallyHidden>{t("job.actions")}</VisuallyHidden>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <JobRow
              key={job.job_id}
              job={job}
              names={names.join("\n")}
              hasValue={objective !== undefined}
              isBest={objective?.best === job.track_id}
              canWrite={canWrite}
              onResubmit={onResubmit}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** In the order in which they were given. */
export function paramNames(jobs: readonly Pick<SubmittedJob, "params">[]): string[] {
  return [...new Set(jobs.flatMap((job) => Object.keys(job.params)))];
}

interface RowProps {
  job: SubmittedJob;
  /** Joined, so that rows whose job did not change are not drawn again. */
  names: string;
  hasValue: boolean;
  isBest: boolean;
  canWrite: boolean;
  onResubmit: (job: SubmittedJob) => void;
}

const JobRow = memo(function JobRow({ job, names, hasValue, isBest, canWrite, onResubmit }: RowProps) {
  const { t } = useTranslation();
  const params = names === "" ? [] : names.split("\n");
  return (
    <tr>
      <td className={classes.name}>
        <Link to="/t/$track" params={{ track: job.track_id }} preload={false}>
          {job.track_name}
        </Link>
        {hasValue && (
          <span className={`${classes.phone} num`}>
            <Value job={job} isBest={isBest} />
          </span>
        )}
        <span className={`${classes.phone} dim`}>
          {params
            .filter((name) => name in job.params)
            .map((name) => `${name} ${formatScalar(job.params[name] ?? "")}`)
            .join(" · ")}
        </span>
      </td>
      <td>
        {job.trial?.state === "pruned" ? <PrunedLabel /> : <JobStateLabel state={job.state} />}
        <Why job={job} />
      </td>
      {hasValue && (
        <td className={`phone-hidden num ${classes.param}`}>
          <Value job={job} isBest={isBest} />
        </td>
      )}
      {params.map((name) => (
        <td key={name} className={`phone-hidden num ${classes.param}`}>
          {name in job.params ? formatScalar(job.params[name] ?? "") : <span className="dim">–</span>}
        </td>
      ))}
      <td className={`phone-hidden num ${classes.right}`}>
        <JobDuration job={job} />
      </td>
      {canWrite && (
        <td className={classes.right}>
          {hasEnded(job.state) ? (
            <RowMenu job={job} onResubmit={onResubmit} />
          ) : (
            <span className={classes.actions}>
              <StopButton
                name={job.track_name}
                state={job.state}
                stop={() => stopJob(job.track_id)}
                label={canStop(job.state) ? t("job.stopOne", { name: job.track_name }) : undefined}
              />
            </span>
          )}
        </td>
      )}
    </tr>
  );
});

/** What it came to, of what a search compares. */
function Value({ job, isBest }: { job: SubmittedJob; isBest: boolean }) {
  const { t } = useTranslation();
  const text = formatValue(job.trial?.value);
  if (!isBest) return <>{text}</>;
  return (
    <strong className={classes.best}>
      <IconTrophy size={15} aria-label={t("search.best")} />
      {text}
    </strong>
  );
}

/** Why it has not started, or how it ended. */
function Why({ job }: { job: SubmittedJob }) {
  const { t } = useTranslation();
  if (job.trial?.why && (job.trial.state !== "failed" || job.state === "succeeded"))
    return (
      <div className={classes.why}>
        <Cause text={job.trial.why} />
      </div>
    );
  if (job.state === "queued" && job.waiting)
    return (
      <div className={classes.why}>
        <WaitingText waiting={job.waiting} />
      </div>
    );
  if (job.state === "failed" || job.state === "lost")
    return <div className={classes.why}>{job.exit_in_words || job.cause}</div>;
  if (job.stop_asked_by && job.state !== "succeeded")
    return <div className={classes.why}>{t("job.stopAskedByShort", { name: job.stop_asked_by })}</div>;
  return null;
}

function JobDuration({ job }: { job: SubmittedJob }) {
  const isGoing = job.started_at !== null && job.ended_at === null;
  const now = useNow(isGoing);
  if (!job.started_at) return <span className="dim">–</span>;
  const seconds = trackSeconds(job.started_at, job.ended_at, now);
  return <>{formatDuration(isGoing ? Math.floor(seconds) : seconds)}</>;
}

function RowMenu({ job, onResubmit }: { job: SubmittedJob; onResubmit: (job: SubmittedJob) => void }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon size="lg" aria-label={t("job.actionsOf", { name: job.track_name })}>
          <IconDotsVertical size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onResubmit(job)}>{t("resubmit.one")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
