// One pipeline: RUN PIPELINE, its actions, its runs.
import { ActionIcon, Button, Menu, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDotsVertical, IconPencil, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { deletePipeline, type Pipeline, pipelineQuery } from "@/api/pipelines";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { DefinitionFacts } from "@/components/definition/definition-facts";
import { SecretsPanel } from "@/components/definition/secrets-panel";
import { Section } from "@/components/definition/section";
import { ErrorPanel } from "@/components/error-panel";
import { JobStateLabel } from "@/components/job-state";
import { RowSkeleton } from "@/components/row-skeleton";
import { ActionList } from "@/features/pipelines/action-list";
import { RunDialog } from "@/features/pipelines/run-dialog";
import { RunList } from "@/features/pipelines/run-list";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { OpenTrack } from "./open-track";
import { ProjectPage } from "./project-page";
import classes from "./project-page.module.css";
import { useCanWrite } from "./use-can-write";

export function PipelinePage() {
  const { project, pipeline: id } = useParams({ from: "/p/$project/pipelines/$pipeline" });
  useLiveReload({ project, isAlways: true });
  const pipeline = useQuery(pipelineQuery(id));
  const canWrite = useCanWrite(project);
  return (
    <ProjectPage
      project={project}
      title={pipeline.data?.name ?? ""}
      name={pipeline.data?.name}
      tools={pipeline.data && canWrite && <Tools pipeline={pipeline.data} project={project} />}
    >
      {pipeline.isError && !pipeline.data ? (
        <ErrorPanel error={pipeline.error} onRetry={() => void pipeline.refetch()} />
      ) : !pipeline.data ? (
        <RowSkeleton height={60} />
      ) : (
        <Body pipeline={pipeline.data} project={project} canWrite={canWrite} />
      )}
    </ProjectPage>
  );
}

function Tools({ pipeline, project }: { pipeline: Pipeline; project: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [isRunning, running] = useDisclosure(false);
  const [isDeleting, deleting] = useDisclosure(false);
  const params = { project, pipeline: pipeline.pipeline_id };
  return (
    <>
      <Button leftSection={<IconPlayerPlay size={16} />} onClick={running.open}>
        {t("run.button")}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon size={36} variant="default" aria-label={t("pipeline.more")}>
            <IconDotsVertical size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconPencil size={16} />}
            onClick={() => void navigate({ to: "/p/$project/pipelines/$pipeline/edit", params })}
          >
            {t("lab.edit")}
          </Menu.Item>
          <Menu.Item leftSection={<IconTrash size={16} />} onClick={deleting.open}>
            {t("lab.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isRunning && (
        <RunDialog
          pipeline={pipeline}
          onClose={running.close}
          onStarted={(run) =>
            void navigate({
              to: "/p/$project/pipelines/$pipeline/runs/$run",
              params: { ...params, run: String(run.run_number) },
            })
          }
        />
      )}
      {isDeleting && (
        <ConfirmDialog
          title={t("lab.deleteTitle", { name: pipeline.name })}
          text={t("pipeline.deleteText")}
          action={t("app.delete")}
          run={() => deletePipeline(pipeline.pipeline_id)}
          onDone={() => {
            void queryClient.invalidateQueries({ queryKey: ["pipelines"] });
            void navigate({ to: "/p/$project/pipelines", params: { project } });
          }}
          onClose={deleting.close}
        />
      )}
    </>
  );
}

interface BodyProps {
  pipeline: Pipeline;
  project: string;
  canWrite: boolean;
}

function Body({ pipeline, project, canWrite }: BodyProps) {
  const { t } = useTranslation();
  const { definition } = pipeline;
  const hasFacts =
    Boolean(definition.code) ||
    definition.environment.python !== "" ||
    definition.environment.requirements !== "" ||
    definition.limits.memory_mb > 0 ||
    definition.limits.cpu_s > 0 ||
    Object.keys(definition.variables).length > 0;
  return (
    <div className={classes.stack}>
      <div className={hasFacts ? classes.columns : undefined}>
        <Section title={t("pipeline.actions")}>
          <ActionList actions={definition.actions} />
        </Section>
        {hasFacts && (
          <Section title={t("lab.definition")}>
            <DefinitionFacts project={project} definition={definition} />
          </Section>
        )}
      </div>
      <Section title={t("pipeline.runs")}>
        <RunList
          pipelineId={pipeline.pipeline_id}
          empty={
            <Text size="sm" className="dim">
              {t("pipeline.noRuns")}
            </Text>
          }
          link={(run) => (
            <Link
              to="/p/$project/pipelines/$pipeline/runs/$run"
              params={{ project, pipeline: run.pipeline_id, run: String(run.run_number) }}
            >
              #{run.run_number}
            </Link>
          )}
          state={(run) => <JobStateLabel state={run.job.state} />}
          track={(run) => run.uses_track && <OpenTrack trackId={run.job.track_id} isSmall />}
        />
      </Section>
      {canWrite && (
        <Section title={t("secret.title")}>
          <SecretsPanel owner={{ kind: "pipelines", id: pipeline.pipeline_id }} />
        </Section>
      )}
    </div>
  );
}
