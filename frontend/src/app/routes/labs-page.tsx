// The labs of a project: what each runs, and how its last submission is doing.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Lab, labsQuery, submissionsQuery } from "@/api/labs";
import { commandText } from "@/components/definition/command-fields";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { StateCounts } from "@/features/jobs/state-filter";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { formatAgo } from "@/lib/format";
import { useJobsInterval } from "@/lib/preferences";
import { ProjectPage } from "./project-page";
import classes from "./project-page.module.css";
import { useCanWrite } from "./use-can-write";

export function LabsPage() {
  const { t } = useTranslation();
  const { project } = useParams({ from: "/p/$project/labs" });
  useLiveReload({ project, isAlways: true });
  const labs = useQuery(labsQuery(project));
  const canWrite = useCanWrite(project);
  const items = labs.data?.items;
  const create = canWrite && (
    <Button
      leftSection={<IconPlus size={16} />}
      renderRoot={(props) => <Link to="/p/$project/labs/new" params={{ project }} {...props} />}
    >
      {t("lab.create")}
    </Button>
  );
  return (
    <ProjectPage
      project={project}
      title={t("project.labs")}
      name={`${t("project.labs")} · ${project}`}
      tools={items && items.length > 0 && create}
    >
      {labs.isError && !items ? (
        <ErrorPanel error={labs.error} onRetry={() => void labs.refetch()} />
      ) : !items ? (
        <RowSkeleton height={44} />
      ) : items.length === 0 ? (
        <EmptyState title={t("labs.emptyTitle")} text={t("labs.empty")}>
          {create}
        </EmptyState>
      ) : (
        <ul className={`card ${classes.list}`}>
          {items.map((lab) => (
            <li key={lab.lab_id}>
              <Link to="/p/$project/labs/$lab" params={{ project, lab: lab.lab_id }} className={classes.item}>
                <span className="cut">
                  <strong>{lab.name}</strong>
                  <small className="mono">{commandText(lab.definition)}</small>
                </span>
                <Names lab={lab} />
                <LastSubmission labId={lab.lab_id} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </ProjectPage>
  );
}

function Names({ lab }: { lab: Lab }) {
  const { t } = useTranslation();
  const names = Object.keys(lab.hyperparameters);
  return (
    <small>{names.length > 0 ? t("labs.tunes", { names: names.join(", ") }) : t("labs.tunesNothing")}</small>
  );
}

function LastSubmission({ labId }: { labId: string }) {
  const { t, i18n } = useTranslation();
  const answer = useInfiniteQuery({ ...submissionsQuery(labId, 1), refetchInterval: useJobsInterval() });
  const last = answer.data?.pages[0]?.items[0];
  if (!answer.data) return <span />;
  if (!last)
    return (
      <span>
        <small>{t("labs.neverSubmitted")}</small>
      </span>
    );
  return (
    <span>
      <StateCounts states={last.states} />
      <small>
        {t("labs.lastSubmitted", { n: last.number, when: formatAgo(last.created_at, i18n.language) })}
      </small>
    </span>
  );
}
