// All projects one may see.
import { Button, Group, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { projectsQuery } from "@/api/projects";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { laterDialog } from "@/components/later";
import { PythonSample } from "@/components/python-sample";
import { RowSkeleton } from "@/components/row-skeleton";
import { ProjectList } from "@/features/projects/project-list";
import { useReloadInterval } from "@/lib/preferences";
import { SignedInPage } from "./signed-in-page";

const CreateProjectDialog = laterDialog(
  async () => (await import("@/features/projects/create-project-dialog")).CreateProjectDialog,
);

export function ProjectsPage() {
  const { t } = useTranslation();
  const { q = "" } = useSearch({ from: "/projects" });
  const navigate = useNavigate({ from: "/projects" });
  const projects = useQuery({ ...projectsQuery(q), refetchInterval: useReloadInterval() });
  const [isOpen, { open, close }] = useDisclosure(false);
  const items = projects.data?.items;
  return (
    <SignedInPage>
      <div className="page">
        <Group justify="space-between" mb="md">
          <Title order={1}>{t("projects.title")}</Title>
          <Group gap="sm" wrap="nowrap" style={{ flex: "1 1 280px", justifyContent: "flex-end" }}>
            <TextInput
              aria-label={t("projects.search")}
              placeholder={t("projects.search")}
              leftSection={<IconSearch size={16} />}
              style={{ flex: "1 1 160px", maxWidth: 340 }}
              value={q}
              onChange={(event) =>
                void navigate({ search: { q: event.currentTarget.value || undefined }, replace: true })
              }
            />
            <Button
              leftSection={<IconPlus size={16} />}
              className="phone-icon"
              aria-label={t("projects.create")}
              onClick={open}
            >
              {t("projects.create")}
            </Button>
          </Group>
        </Group>
        {projects.isError && !items ? (
          <ErrorPanel error={projects.error} onRetry={() => void projects.refetch()} />
        ) : !items ? (
          <RowSkeleton height={44} />
        ) : items.length > 0 ? (
          <ProjectList projects={items} />
        ) : q ? (
          <EmptyState title={t("projects.noneMatch")} />
        ) : (
          <EmptyState title={t("projects.emptyTitle")} text={t("projects.empty")}>
            <PythonSample />
          </EmptyState>
        )}
      </div>
      <CreateProjectDialog
        isOpen={isOpen}
        onClose={close}
        onCreated={(name) => void navigate({ to: "/p/$project", params: { project: name } })}
      />
    </SignedInPage>
  );
}
