// One lab: its menu, what its jobs do, its values, its secrets, and what was submitted.
import { Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { deleteLab, type Lab, labQuery } from "@/api/labs";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { SecretsPanel } from "@/components/definition/secrets-panel";
import { Section } from "@/components/definition/section";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { StateBar, StateCounts } from "@/features/jobs/state-filter";
import { HyperparameterTable, LabFacts } from "@/features/labs/lab-facts";
import { LabMenu } from "@/features/labs/lab-menu";
import { SubmissionList } from "@/features/labs/submission-list";
import { SubmitDialog } from "@/features/labs/submit-dialog";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { ProjectPage } from "./project-page";
import classes from "./project-page.module.css";
import { useCanWrite } from "./use-can-write";

export function LabPage() {
  const { project, lab: labId } = useParams({ from: "/p/$project/labs/$lab" });
  useLiveReload({ project, isAlways: true });
  const lab = useQuery(labQuery(labId));
  const canWrite = useCanWrite(project);
  return (
    <ProjectPage
      project={project}
      title={lab.data?.name ?? ""}
      name={lab.data?.name}
      tools={lab.data && canWrite && <Menu lab={lab.data} project={project} />}
    >
      {lab.isError && !lab.data ? (
        <ErrorPanel error={lab.error} onRetry={() => void lab.refetch()} />
      ) : !lab.data ? (
        <RowSkeleton height={60} />
      ) : (
        <Body lab={lab.data} project={project} canWrite={canWrite} />
      )}
    </ProjectPage>
  );
}

function Menu({ lab, project }: { lab: Lab; project: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [isSubmitting, submitting] = useDisclosure(false);
  const [isDeleting, deleting] = useDisclosure(false);
  return (
    <div className="card">
      <LabMenu
        onSubmit={submitting.open}
        onEdit={() =>
          void navigate({ to: "/p/$project/labs/$lab/edit", params: { project, lab: lab.lab_id } })
        }
        onDelete={deleting.open}
      />
      {isSubmitting && <SubmitDialog lab={lab} project={project} onClose={submitting.close} />}
      {isDeleting && (
        <ConfirmDialog
          title={t("lab.deleteTitle", { name: lab.name })}
          text={t("lab.deleteText")}
          action={t("app.delete")}
          run={() => deleteLab(lab.lab_id)}
          onDone={() => {
            void queryClient.invalidateQueries({ queryKey: ["labs"] });
            void navigate({ to: "/p/$project/labs", params: { project } });
          }}
          onClose={deleting.close}
        />
      )}
    </div>
  );
}

function Body({ lab, project, canWrite }: { lab: Lab; project: string; canWrite: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={classes.stack}>
      <div className={classes.columns}>
        <Section title={t("lab.definition")}>
          <LabFacts lab={lab} project={project} />
        </Section>
        <Section title={t("hyper.title")}>
          <HyperparameterTable lab={lab} />
        </Section>
      </div>
      <Section title={t("lab.submissions")}>
        <SubmissionList
          labId={lab.lab_id}
          empty={
            <Text size="sm" className="dim">
              {t("lab.noSubmissions")}
            </Text>
          }
          link={(one) => (
            <Link
              to="/p/$project/submissions/$submission"
              params={{ project, submission: one.submission_id }}
            >
              #{one.number}
            </Link>
          )}
          states={(one) => (
            <div style={{ display: "grid", gap: 4, maxWidth: 260 }}>
              <StateCounts states={one.states} />
              <StateBar states={one.states} />
            </div>
          )}
        />
      </Section>
      {canWrite && (
        <Section title={t("secret.title")}>
          <SecretsPanel owner={{ kind: "labs", id: lab.lab_id }} />
        </Section>
      )}
    </div>
  );
}
