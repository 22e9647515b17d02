// How far a search is: what it is for, its trials by what became of them, the best so far, and why it ended.
import { Alert, Anchor, Text } from "@mantine/core";
import { IconTrophy } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { jobRulesQuery } from "@/api/jobs";
import type { Search, SubmissionDetail } from "@/api/labs";
import { Fact, Facts } from "@/components/fact";
import { formatCount, formatValue } from "@/lib/format";
import { formatScalar } from "@/lib/scalars";
import classes from "./search-panel.module.css";

const STATES = ["complete", "pruned", "failed", "running"] as const;

interface Props {
  search: Search;
  jobs: SubmissionDetail["jobs"];
}

export function SearchPanel({ search, jobs }: Props) {
  const { t, i18n } = useTranslation();
  const count = (n: number) => formatCount(n, i18n.language);
  const nBegun = Object.values(search.trials).reduce((sum, n) => sum + n, 0);
  const held = STATES.filter((state) => search.trials[state]);
  return (
    <section className={`card ${classes.panel}`} aria-label={t("search.title")}>
      <Facts className={classes.facts}>
        <Fact name={t("search.title")}>
          {t(`search.for.${search.direction}`)} <code className="mono">{search.objective}</code>
          <span className="dim">
            {" · "}
            {t(`search.sampler.${search.sampler}`)}
            {search.pruner !== "none" && ` · ${t("search.pruner")}: ${t(`search.pruner.${search.pruner}`)}`}
          </span>
        </Fact>
        <Fact name={t("search.trials")}>
          <span className="num">
            {t("search.progress", { n: count(nBegun), all: count(search.n_trials) })}
          </span>
          {held.length > 0 && (
            <span className="dim num">
              {" · "}
              {held
                .map((state) => t(`search.n.${state}`, { n: count(search.trials[state] ?? 0) }))
                .join(", ")}
            </span>
          )}
        </Fact>
        <Fact name={t("search.best")}>
          <Best best={search.best} jobs={jobs} />
        </Fact>
      </Facts>
      <progress
        className={classes.progress}
        value={nBegun - (search.trials.running ?? 0)}
        max={search.n_trials}
        aria-label={t("search.progressLabel")}
      />
      <Status search={search} />
    </section>
  );
}

function Best({ best, jobs }: { best: Search["best"]; jobs: Props["jobs"] }) {
  const { t } = useTranslation();
  if (!best) return <span className="dim">{t("search.noBest")}</span>;
  const name = jobs.find((job) => job.track_id === best.track_id)?.track_name;
  const params = Object.entries(best.params).map(([key, value]) => `${key} ${formatScalar(value)}`);
  return (
    <span className={classes.best}>
      <IconTrophy size={16} aria-hidden />
      <strong className="num">{formatValue(best.value)}</strong>
      {name && (
        <Anchor
          size="sm"
          renderRoot={(props) => <Link to="/t/$track" params={{ track: best.track_id }} {...props} />}
        >
          {name}
        </Anchor>
      )}
      <span className="dim">{params.join(" · ")}</span>
    </span>
  );
}

/** Why it makes no more trials, or what keeps it from going on. */
function Status({ search }: { search: Search }) {
  const { t } = useTranslation();
  const isGoing = search.ended_at === null;
  const rules = useQuery({ ...jobRulesQuery, enabled: isGoing });
  if (search.ending === "failed")
    return (
      <Alert color="red.8" variant="outline" p="sm" role="alert">
        {t("search.ended.failed")} {search.detail}
      </Alert>
    );
  if (isGoing && rules.data && !rules.data.runners.some((runner) => runner.is_alive && runner.can_search))
    return (
      <Alert color="yellow" variant="outline" p="sm">
        {t("search.noRunner")}
      </Alert>
    );
  const text = isGoing
    ? t("search.going", { n: search.n_parallel })
    : search.ending === "stopped"
      ? t("search.ended.stopped", { name: search.detail })
      : t("search.ended.done");
  return (
    <Text size="sm" className="dim" role="status">
      {text}
    </Text>
  );
}
