// STOP: asks the job of a track to end, once that is confirmed; says "Stopping" until the job says that it has.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerStop } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { jobQuery, stopTrack } from "@/api/jobs";
import type { Job, Track } from "@/api/types";
import { errorText } from "@/components/error-panel";
import { canStop, hasEnded } from "./job-state";

export function StopButton({ track, job }: { track: Track; job: Job | undefined }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure(false);
  const stop = useMutation({
    mutationFn: () => stopTrack(track.track_id),
    onSuccess: (changed) => {
      queryClient.setQueryData(jobQuery(track.track_id).queryKey, changed);
      void queryClient.invalidateQueries({ queryKey: ["track", track.track_id] });
      close();
    },
  });
  if (!job || hasEnded(job)) return null;
  const isStopping = !canStop(job) || job.stop_asked_at !== null;
  return (
    <>
      <Button
        size="xs"
        variant="default"
        c={isStopping ? undefined : "var(--danger)"}
        leftSection={<IconPlayerStop size={16} />}
        loading={isStopping}
        onClick={open}
      >
        {isStopping ? t("job.stopping") : t("job.stop")}
      </Button>
      <Modal opened={isOpen} onClose={close} title={t("job.stopTitle", { name: track.name })}>
        <Stack>
          <Text>{t("job.stopText")}</Text>
          {stop.isError && (
            <Text c="var(--danger)" role="alert">
              {errorText(stop.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              {t("app.cancel")}
            </Button>
            <Button color="red" loading={stop.isPending} onClick={() => stop.mutate()}>
              {t("job.stop")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
