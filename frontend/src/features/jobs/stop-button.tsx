// The stop button of whatever has a job: asks, then says that it was asked until the job says it has stopped.
import { Button, type ButtonProps } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerStop } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { canStop, hasEnded, type JobState } from "@/api/jobs";
import { ConfirmDialog } from "@/components/confirm-dialog";

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

const SHOW_JOBS: readonly unknown[] = ["job", "track", "tracks", "submission", "submissions", "run", "runs"];

interface DialogProps {
  title: string;
  text: string;
  stop: () => Promise<unknown>;
  onClose: () => void;
}

export function StopDialog({ title, text, stop, onClose }: DialogProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return (
    <ConfirmDialog
      title={title}
      text={text}
      action={t("job.stop")}
      run={stop}
      onDone={() => {
        void queryClient.invalidateQueries({ predicate: ({ queryKey }) => SHOW_JOBS.includes(queryKey[0]) });
        onClose();
      }}
      onClose={onClose}
    />
  );
}
