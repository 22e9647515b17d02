// The stop button of whatever has a job: asks, then says that it was asked until the job says it has stopped.
import { Button, type ButtonProps, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerStop } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { JobState } from "@/api/jobs";
import { canStop, hasEnded } from "@/api/jobs";
import { errorText } from "@/components/error-panel";

interface Props extends Pick<ButtonProps, "size" | "variant"> {
  /** What is stopped, by its name. */
  name: string;
  state: JobState;
  stop: () => Promise<unknown>;
  /** The button's own name where several stand below each other. */
  label?: string;
}

export function StopButton({ name, state, stop, label, size = "xs", variant = "default" }: Props) {
  const { t } = useTranslation();
  const [isAsking, { open, close }] = useDisclosure(false);
  if (hasEnded(state)) return null;
  return (
    <>
      <Button
        size={size}
        variant={variant}
        leftSection={<IconPlayerStop size={16} />}
        disabled={!canStop(state)}
        onClick={open}
        aria-label={label}
      >
        {state === "stopping" ? t("job.state.stopping") : t("job.stop")}
      </Button>
      {isAsking && (
        <StopDialog
          title={t("job.stopTitle", { name })}
          text={state === "queued" ? t("job.stopQueued") : t("job.stopText")}
          stop={stop}
          onClose={close}
        />
      )}
    </>
  );
}

interface DialogProps {
  title: string;
  text: string;
  stop: () => Promise<unknown>;
  onClose: () => void;
}

export function StopDialog({ title, text, stop, onClose }: DialogProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const ask = useMutation({
    mutationFn: stop,
    onSuccess: () => {
      const nouns = ["job", "track", "tracks", "submission", "submissions", "run", "runs"];
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => nouns.includes(String(queryKey[0])) });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack>
        <Text>{text}</Text>
        {ask.isError && (
          <Text c="var(--danger)" size="sm" role="alert">
            {errorText(ask.error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button color="red.8" loading={ask.isPending} onClick={() => ask.mutate()}>
            {t("job.stop")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
