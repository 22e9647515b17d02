// Asks before tracks are deleted, naming them; running ones apart.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { deleteTrack } from "@/api/tracks";
import type { Track } from "@/api/types";
import { errorText } from "@/components/error-panel";

const MOST_NAMES = 8;

interface Props {
  tracks: readonly Track[];
  isOpen: boolean;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteTracksDialog({ tracks, isOpen, onClose, onDeleted }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteEach(tracks),
    onSuccess: ({ nDeleted, failures }) => {
      void queryClient.invalidateQueries({ queryKey: ["tracks"] });
      void queryClient.invalidateQueries({ queryKey: ["projects"] });
      if (nDeleted > 0) notifications.show({ message: t("tracks.deleted", { count: nDeleted }) });
      for (const { track, error } of failures) {
        const message = t("tracks.deleteFailed", { name: track.name, reason: errorText(error) });
        notifications.show({ message, color: "red.8", autoClose: false });
      }
      onDeleted();
    },
  });
  const running = tracks.filter((track) => track.status === "running");
  const others = tracks.filter((track) => track.status !== "running");
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("tracks.deleteTitle", { count: tracks.length })}>
      <Stack>
        <NameList tracks={others} />
        {running.length > 0 && (
          <div>
            <Text fw={600} size="sm" c="var(--warn)">
              {t("tracks.deleteRunning")}
            </Text>
            <NameList tracks={running} />
          </div>
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

function NameList({ tracks }: { tracks: readonly Track[] }) {
  const { t } = useTranslation();
  if (tracks.length === 0) return null;
  return (
    <ul style={{ margin: 0, paddingLeft: 20 }}>
      {tracks.slice(0, MOST_NAMES).map((track) => (
        <li key={track.track_id}>{track.name}</li>
      ))}
      {tracks.length > MOST_NAMES && (
        <li className="dim">{t("tracks.deleteMore", { n: tracks.length - MOST_NAMES })}</li>
      )}
    </ul>
  );
}

/** One after the other, so that a failure of one says its own name and the others still go. */
async function deleteEach(tracks: readonly Track[]) {
  const failures: { track: Track; error: unknown }[] = [];
  for (const track of tracks) {
    await deleteTrack(track.track_id).catch((error: unknown) => failures.push({ track, error }));
  }
  return { nDeleted: tracks.length - failures.length, failures };
}
