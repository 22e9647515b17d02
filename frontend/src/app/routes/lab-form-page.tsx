// A lab to make or to change.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Lab, labQuery } from "@/api/labs";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { LabForm } from "@/features/labs/lab-form";
import { LabCrumbs } from "./lab-crumbs";
import { ProjectPage } from "./project-page";

export function NewLabPage() {
  const { t } = useTranslation();
  const { project } = useParams({ from: "/p/$project/labs/new" });
  const navigate = useNavigate();
  return (
    <ProjectPage project={project} title={t("lab.createTitle")} name={t("lab.createTitle")}>
      <LabForm
        project={project}
        onSaved={(lab) =>
          void navigate({ to: "/p/$project/labs/$lab", params: { project, lab: lab.lab_id }, replace: true })
        }
        onCancel={() => void navigate({ to: "/p/$project/labs", params: { project } })}
      />
    </ProjectPage>
  );
}

export function EditLabPage() {
  const { project, lab: labId } = useParams({ from: "/p/$project/labs/$lab/edit" });
  const lab = useQuery(labQuery(labId));
  if (lab.data) return <EditLab project={project} lab={lab.data} />;
  return (
    <ProjectPage project={project} title="">
      {lab.isError ? (
        <ErrorPanel error={lab.error} onRetry={() => void lab.refetch()} />
      ) : (
        <RowSkeleton height={60} />
      )}
    </ProjectPage>
  );
}

function EditLab({ project, lab }: { project: string; lab: Lab }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const back = () =>
    void navigate({ to: "/p/$project/labs/$lab", params: { project, lab: lab.lab_id }, replace: true });
  const title = t("lab.editTitle", { name: lab.name });
  return (
    <ProjectPage
      project={project}
      title={title}
      name={title}
      crumbs={<LabCrumbs project={project} lab={lab} />}
    >
      <LabForm project={project} lab={lab} onSaved={back} onCancel={back} />
    </ProjectPage>
  );
}
