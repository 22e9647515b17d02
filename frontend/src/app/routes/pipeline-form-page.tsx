// A pipeline to make or to change.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Pipeline, pipelineQuery } from "@/api/pipelines";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { PipelineForm } from "@/features/pipelines/pipeline-form";
import { PipelineCrumbs } from "./lab-crumbs";
import { ProjectPage } from "./project-page";

export function NewPipelinePage() {
  const { t } = useTranslation();
  const { project } = useParams({ from: "/p/$project/pipelines/new" });
  const navigate = useNavigate();
  return (
    <ProjectPage project={project} title={t("pipeline.createTitle")} name={t("pipeline.createTitle")}>
      <PipelineForm
        project={project}
        onSaved={(made) =>
          void navigate({
            to: "/p/$project/pipelines/$pipeline",
            params: { project, pipeline: made.pipeline_id },
            replace: true,
          })
        }
        onCancel={() => void navigate({ to: "/p/$project/pipelines", params: { project } })}
      />
    </ProjectPage>
  );
}

export function EditPipelinePage() {
  const { project, pipeline: id } = useParams({ from: "/p/$project/pipelines/$pipeline/edit" });
  const pipeline = useQuery(pipelineQuery(id));
  if (pipeline.data) return <EditPipeline project={project} pipeline={pipeline.data} />;
  return (
    <ProjectPage project={project} title="">
      {pipeline.isError ? (
        <ErrorPanel error={pipeline.error} onRetry={() => void pipeline.refetch()} />
      ) : (
        <RowSkeleton height={60} />
      )}
    </ProjectPage>
  );
}

function EditPipeline({ project, pipeline }: { project: string; pipeline: Pipeline }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const back = () =>
    void navigate({
      to: "/p/$project/pipelines/$pipeline",
      params: { project, pipeline: pipeline.pipeline_id },
      replace: true,
    });
  const title = t("lab.editTitle", { name: pipeline.name });
  return (
    <ProjectPage
      project={project}
      title={title}
      name={title}
      crumbs={<PipelineCrumbs project={project} pipeline={pipeline} />}
    >
      <PipelineForm project={project} pipeline={pipeline} onSaved={back} onCancel={back} />
    </ProjectPage>
  );
}
