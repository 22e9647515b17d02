// Deleted tracks of a project: back again, or gone for good.
import { Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { restoreTracks } from "@/api/listing";
import { projectQuery } from "@/api/projects";
import { purgeTrash, type Trashed, trashQuery } from "@/api/trash";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel, errorText } from "@/components/error-panel";
import { LoadMore } from "@/components/load-more";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatAgo, formatDate } from "@/lib/format";
import { ProjectCrumbs } from "./project-crumbs";
import { ProjectNav } from "./project-page";
import { SignedInPage } from "./signed-in-page";

export function TrashPage() {
  const { t } = useTranslation();
  const { project } = useParams({ from: "/p/$project/trash" });
  const queryClient = useQueryClient();
  const trash = useInfiniteQuery(trashQuery(project));
  const owner = useQuery(projectQuery(project));
  const [isAsking, asking] = useDisclosure(false);
  const reload = () => queryClient.invalidateQueries({ queryKey: ["tracks", project] });
  const fail = (error: Error) => notifications.show({ message: errorText(error), color: "red.8" });
  const restore = useMutation({
    mutationFn: (ids: string[]) => restoreTracks(project, ids),
    onSuccess: (back) =>
      notifications.show({ message: t("tracks.restored", { count: back.track_ids.length }) }),
    onError: fail,
    onSettled: reload,
  });
  const purge = useMutation({
    mutationFn: () => purgeTrash(project, null),
    onSuccess: ({ n_purged }) => notifications.show({ message: t("trash.purged", { count: n_purged }) }),
    onError: fail,
    onSettled: () => {
      asking.close();
      return reload();
    },
  });
  const items = trash.data?.pages.flatMap((page) => page.items);
  const canWrite = owner.data !== undefined && owner.data.role !== "viewer";
  return (
    <SignedInPage crumbs={<ProjectCrumbs project={project} />}>
      <ProjectNav project={project} />
      <div className="page">
        <Group justify="space-between" mb="md">
          <div>
            <Title order={1}>{t("trash.title")}</Title>
            <Text className="dim">{t("trash.lead")}</Text>
          </div>
          {owner.data?.role === "owner" && items && items.length > 0 && (
            <Button variant="default" c="var(--danger)" onClick={asking.open}>
              {t("trash.empty")}
            </Button>
          )}
        </Group>
        {trash.isError && !items ? (
          <ErrorPanel error={trash.error} onRetry={() => void trash.refetch()} />
        ) : !items ? (
          <RowSkeleton height={32} />
        ) : items.length === 0 ? (
          <EmptyState title={t("trash.noneTitle")} text={t("trash.none")}>
            <Link to="/p/$project" params={{ project }}>
              {t("trash.back")}
            </Link>
          </EmptyState>
        ) : (
          <TrashTable items={items} canWrite={canWrite} onRestore={(id) => restore.mutate([id])} />
        )}
        <LoadMore answer={trash} mt="md" />
      </div>
      <Modal opened={isAsking} onClose={asking.close} title={t("trash.emptyTitle")}>
        <Stack>
          <Text>{t("trash.emptyText")}</Text>
          <Group justify="flex-end">
            <Button variant="default" data-autofocus onClick={asking.close}>
              {t("app.cancel")}
            </Button>
            <Button color="red.8" loading={purge.isPending} onClick={() => purge.mutate()}>
              {t("app.ok")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </SignedInPage>
  );
}

interface TableProps {
  items: readonly Trashed[];
  canWrite: boolean;
  onRestore: (id: string) => void;
}

function TrashTable({ items, canWrite, onRestore }: TableProps) {
  const { t, i18n } = useTranslation();
  return (
    <div className="card scroll-x">
      <table className="rows">
        <thead>
          <tr>
            <th>{t("tracks.name")}</th>
            <th>{t("trash.deleted")}</th>
            <th className="phone-hidden">{t("trash.by")}</th>
            <th className="phone-hidden">{t("trash.until")}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {items.map((track) => (
            <tr key={track.track_id}>
              <td style={{ overflowWrap: "anywhere" }}>{track.name}</td>
              <td className="num" title={formatDate(track.deleted_at, i18n.language)}>
                {formatAgo(track.deleted_at, i18n.language)}
              </td>
              <td className="phone-hidden">{track.deleted_by ?? "–"}</td>
              <td className="phone-hidden num" title={formatDate(track.purge_at, i18n.language)}>
                {formatAgo(track.purge_at, i18n.language)}
              </td>
              <td style={{ textAlign: "right" }}>
                {canWrite && (
                  <Button
                    size="xs"
                    variant="default"
                    aria-label={t("trash.restoreOne", { name: track.name })}
                    onClick={() => onRestore(track.track_id)}
                  >
                    {t("trash.restore")}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
