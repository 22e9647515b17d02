// The pipelines of a project, and how the last run of each went.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { pipelinesQuery, runsQuery } from "@/api/pipelines";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { JobStateLabel } from "@/components/job-state";
import { RowSkeleton } from "@/components/row-skeleton";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { formatAgo } from "@/lib/format";
import { useJobsInterval } from "@/lib/preferences";
import { ProjectPage } from "./project-page";
import classes from "./project-page.module.css";
import { useCanWrite } from "./use-can-write";

export function PipelinesPage() {
  const { t } = useTranslation();
  const { project } = useParams({ from: "/p/$project/pipelines" });
  useLiveReload({ project, isAlways: true });
  const pipelines = useQuery(pipelinesQuery(project));
  const canWrite = useCanWrite(project);
  const items = pipelines.data?.items;
  const create = canWrite && (
    <Button
      leftSection={<IconPlus size={16} />}
      renderRoot={(props) => <Link to="/p/$project/pipelines/new" params={{ project }} {...props} />}
    >
      {t("pipeline.create")}
    </Button>
  );
  return (
    <ProjectPage
      project={project}
      title={t("project.pipelines")}
      name={`${t("project.pipelines")} · ${project}`}
      tools={items && items.length > 0 && create}
    >
      {pipelines.isError && !items ? (
        <ErrorPanel error={pipelines.error} onRetry={() => void pipelines.refetch()} />
      ) : !items ? (
        <RowSkeleton height={44} />
      ) : items.length === 0 ? (
        <EmptyState title={t("pipelines.emptyTitle")} text={t("pipelines.empty")}>
          {create}
        </EmptyState>
      ) : (
        <ul className={`card ${classes.list}`}>
          {items.map((one) => (
            <li key={one.pipeline_id}>
              <Link
                to="/p/$project/pipelines/$pipeline"
                params={{ project, pipeline: one.pipeline_id }}
                className={classes.item}
              >
                <span className="cut">
                  <strong>{one.name}</strong>
                  <small>
                    {one.definition.actions
                      .map((action) => action.name || t(`action.kind.${action.kind}`))
                      .join(" → ")}
                  </small>
                </span>
                <small>{t("pipelines.nActions", { count: one.definition.actions.length })}</small>
                <LastRun pipelineId={one.pipeline_id} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </ProjectPage>
  );
}

function LastRun({ pipelineId }: { pipelineId: string }) {
  const { t, i18n } = useTranslation();
  const answer = useInfiniteQuery({ ...runsQuery(pipelineId, 1), refetchInterval: useJobsInterval() });
  const last = answer.data?.pages[0]?.items[0];
  if (!answer.data) return <span />;
  return (
    <span>
      {last && <JobStateLabel state={last.job.state} />}
      <small>
        {last
          ? t("pipelines.lastRun", { n: last.run_number, when: formatAgo(last.created_at, i18n.language) })
          : t("pipelines.neverRun")}
      </small>
    </span>
  );
}
