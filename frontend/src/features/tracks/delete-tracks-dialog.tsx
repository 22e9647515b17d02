// Asks before tracks are deleted, naming them; running ones apart. What was deleted can be had back at once.
import { Button, Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { deleteTracks, restoreTracks } from "@/api/listing";
import type { Track } from "@/api/types";
import { errorText } from "@/components/error-panel";
import { i18n } from "@/lib/i18n";

const MOST_NAMES = 8;
const UNDO_MS = 12_000;

type Named = Pick<Track, "track_id" | "name" | "status">;

interface Props {
  project: string;
  trackIds: readonly string[];
  /** Those of them whose names are known. */
  named: readonly Named[];
  isOpen: boolean;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteTracksDialog({ project, trackIds, named, isOpen, onClose, onDeleted }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteTracks(project, trackIds),
    onSuccess: (gone) => {
      reload(queryClient);
      offerUndo(project, gone.track_ids, queryClient);
      onDeleted();
    },
  });
  const running = named.filter((track) => track.status === "running");
  const others = named.filter((track) => track.status !== "running");
  const nMore = trackIds.length - named.length;
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t("tracks.deleteTitle", { count: trackIds.length })}
      // The row that had it is about to go.
      returnFocus={!remove.isSuccess}
      onEnterTransitionEnd={() => remove.reset()}
    >
      <Stack>
        <NameList tracks={others} nMore={nMore} />
        {running.length > 0 && (
          <div>
            <Text fw={600} size="sm" c="var(--warn)">
              {t("tracks.deleteRunning")}
            </Text>
            <NameList tracks={running} nMore={0} />
          </div>
        )}
        <Text size="sm" className="dim">
          {t("tracks.deleteHint")}
        </Text>
        {remove.isError && (
          <Text size="sm" c="var(--danger)" role="alert">
            {errorText(remove.error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button color="red.8" loading={remove.isPending} onClick={() => remove.mutate()}>
            {t("app.ok")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function reload(queryClient: QueryClient) {
  void queryClient.invalidateQueries({ queryKey: ["tracks"] });
  void queryClient.invalidateQueries({ queryKey: ["projects"] });
}

function offerUndo(project: string, trackIds: readonly string[], queryClient: QueryClient) {
  const id = `deleted-${trackIds[0]}-${trackIds.length}`;
  const onKey = (event: KeyboardEvent) => {
    const isWriting = event.target instanceof Element && event.target.closest("input, textarea");
    if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || isWriting) return;
    event.preventDefault();
    undo();
  };
  document.addEventListener("keydown", onKey);
  const undo = () => {
    notifications.hide(id);
    restoreTracks(project, trackIds)
      .then((back) => {
        reload(queryClient);
        notifications.show({ message: i18n.t("tracks.restored", { count: back.track_ids.length }) });
      })
      .catch((error: unknown) => notifications.show({ message: errorText(error), color: "red.8" }));
  };
  notifications.show({
    id,
    autoClose: UNDO_MS,
    onClose: () => document.removeEventListener("keydown", onKey),
    message: (
      <Group justify="space-between" wrap="nowrap">
        <span>{i18n.t("tracks.deleted", { count: trackIds.length })}</span>
        <Button size="xs" variant="default" onClick={undo}>
          {i18n.t("tracks.undo")} <Kbd size="xs">Ctrl Z</Kbd>
        </Button>
      </Group>
    ),
  });
}

function NameList({ tracks, nMore }: { tracks: readonly Named[]; nMore: number }) {
  const { t } = useTranslation();
  if (tracks.length === 0 && nMore === 0) return null;
  const nHidden = Math.max(0, tracks.length - MOST_NAMES) + nMore;
  return (
    <ul style={{ margin: 0, paddingLeft: 20, overflowWrap: "anywhere" }}>
      {tracks.slice(0, MOST_NAMES).map((track) => (
        <li key={track.track_id}>{track.name}</li>
      ))}
      {nHidden > 0 && <li className="dim">{t("tracks.deleteMore", { n: nHidden })}</li>}
    </ul>
  );
}
