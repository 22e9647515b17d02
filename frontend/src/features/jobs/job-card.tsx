// What happened to the job of a track: state, who asked it to stop, signal, exit code, last point, history.
import { useTranslation } from "react-i18next";
import type { Job } from "@/api/types";
import { formatAgo, formatDate } from "@/lib/format";
import classes from "./job-card.module.css";

export function JobCard({ job }: { job: Job }) {
  const { t, i18n } = useTranslation();
  const facts: [string, string][] = [
    [t("job.state"), t(`job.state.${job.state}`)],
    [t("job.queued"), formatDate(job.queued_at, i18n.language)],
  ];
  if (job.waiting)
    facts.push([t("job.waiting"), `${t("job.place", { n: job.waiting.place })} ${job.waiting.sentence}`]);
  if (job.stop_asked_at) {
    const when = formatDate(job.stop_asked_at, i18n.language);
    facts.push([t("job.stopAsked"), t("job.stopAskedBy", { name: job.stop_asked_by ?? "—", when })]);
  }
  if (job.signal) facts.push([t("job.signal"), job.signal]);
  if (job.exit_code !== null)
    facts.push([
      t("facts.exitCode"),
      [job.exit_code, job.exit_in_words].filter((one) => one !== "").join(" · "),
    ]);
  if (job.cause) facts.push([t("job.cause"), job.cause]);
  if (job.last_seen_at) facts.push([t("job.lastPoint"), formatAgo(job.last_seen_at, i18n.language)]);
  return (
    <section className={`card ${classes.card}`} aria-label={t("job.title")}>
      <h3>{t("job.title")}</h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>{t("job.history", { count: job.history.length })}</summary>
        <ol>
          {job.history.map((step) => (
            <li key={`${step.at} ${step.state}`}>
              <span className="dim num">{formatDate(step.at, i18n.language)}</span>{" "}
              <strong>{t(`job.state.${step.state}`)}</strong> {step.reason || step.cause}
              {step.actor && <span className="dim"> · {step.actor}</span>}
            </li>
          ))}
        </ol>
      </details>
    </section>
  );
}
