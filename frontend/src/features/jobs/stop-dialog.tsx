// Asks before a job, or whatever has jobs, is stopped.
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ConfirmDialog } from "@/components/confirm-dialog";

const SHOW_JOBS: readonly unknown[] = ["job", "track", "tracks", "submission", "submissions", "run", "runs"];

interface Props {
  title: string;
  text: string;
  stop: () => Promise<unknown>;
  onClose: () => void;
}

export function StopDialog({ title, text, stop, onClose }: Props) {
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
