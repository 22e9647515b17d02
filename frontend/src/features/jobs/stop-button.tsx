// The stop button of whatever has a job: asks, then says that it was asked until the job says it has stopped.
import { Button, type ButtonProps } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerStop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { canStop, hasEnded, type JobState } from "@/api/jobs";
import { laterPart } from "@/components/later";

const StopDialog = laterPart(async () => (await import("./stop-dialog")).StopDialog);

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
