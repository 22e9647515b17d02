// What happened to a job: each change with its time, its cause, and who asked for it.
import { useTranslation } from "react-i18next";
import type { JobDetail } from "@/api/jobs";
import { JobStateLabel } from "@/components/job-state";
import { formatClock, formatDate } from "@/lib/format";
import classes from "./jobs.module.css";

export function JobHistory({ job }: { job: JobDetail }) {
  const { t, i18n } = useTranslation();
  return (
    <ol className={classes.history} aria-label={t("job.history")}>
      {job.history.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end, and two may be alike.
        <li key={index}>
          <time className="num dim" dateTime={step.at} title={formatDate(step.at, i18n.language)}>
            {formatClock(new Date(step.at).getTime() / 1000, i18n.language)}
          </time>
          <JobStateLabel state={step.state} />
          <span className={classes.cause}>
            <Cause text={step.cause} />
            {step.actor && <span className="dim"> · {step.actor}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}

const CAUSES = {
  submitted: "job.cause.submitted",
  "asked to stop": "job.cause.asked",
  "stopped before it began": "job.cause.before",
} as const;

/** The same with a number or a name in it. */
const PATTERNS = [
  [/^pruned: worse than the median at step (\d+)$/, "search.cause.median"],
  [/^pruned: not among the best quarter at step (\d+)$/, "search.cause.asha"],
  [/^it logged (?:no number|NaN) as (.+)$/, "search.cause.noValue"],
] as const;

/** What the server always says alike is said in the language of the page; what came up is as it came. */
export function Cause({ text }: { text: string }) {
  const { t } = useTranslation();
  for (const [pattern, key] of PATTERNS) {
    const what = pattern.exec(text)?.[1];
    if (what) return <>{t(key, { what })}</>;
  }
  return <>{text in CAUSES ? t(CAUSES[text as keyof typeof CAUSES]) : text}</>;
}
