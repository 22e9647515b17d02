// RUN PIPELINE: a comment, whether it uses a track, and RUN NOW.
import { Button, Group, Modal, Stack, Switch, Text, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Pipeline, type RunDetail, runPipeline, runQuery } from "@/api/pipelines";
import { errorText } from "@/components/error-panel";

interface Props {
  pipeline: Pipeline;
  onClose: () => void;
  onStarted: (run: RunDetail) => void;
}

export function RunDialog({ pipeline, onClose, onStarted }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [comment, setComment] = useState("");
  const [usesTrack, setUsesTrack] = useState(false);
  const run = useMutation({
    mutationFn: () => runPipeline(pipeline.pipeline_id, { comment, uses_track: usesTrack }),
    onSuccess: (started) => {
      queryClient.setQueryData(runQuery(pipeline.pipeline_id, started.run_number).queryKey, started);
      void queryClient.invalidateQueries({ queryKey: ["runs"] });
      void queryClient.invalidateQueries({ queryKey: ["tracks"] });
      onStarted(started);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={t("run.dialogTitle", { name: pipeline.name })}>
      <form onSubmit={submit}>
        <Stack>
          <Textarea
            label={t("run.comment")}
            placeholder={t("run.commentPlaceholder")}
            data-autofocus
            autosize
            minRows={2}
            maxRows={8}
            maxLength={10_000}
            value={comment}
            onChange={({ currentTarget }) => setComment(currentTarget.value)}
          />
          <Switch
            label={t("run.useTrack")}
            description={t("run.useTrackHint")}
            checked={usesTrack}
            onChange={({ currentTarget }) => setUsesTrack(currentTarget.checked)}
          />
          {run.isError && (
            <Text c="var(--danger)" size="sm" role="alert">
              {errorText(run.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" loading={run.isPending}>
              {t("run.now")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
