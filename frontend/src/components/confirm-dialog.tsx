// Asks before something is done that cannot be undone; says in place why it could not be done.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "./error-panel";

interface Props {
  title: string;
  text: string;
  /** The word on the button. */
  action: string;
  run: () => Promise<unknown>;
  onDone: () => void;
  onClose: () => void;
}

export function ConfirmDialog({ title, text, action, run, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const asked = useMutation({ mutationFn: run, onSuccess: onDone });
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack>
        <Text>{text}</Text>
        {asked.isError && (
          <Text c="var(--danger)" size="sm" role="alert">
            {errorText(asked.error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button color="red.8" loading={asked.isPending} onClick={() => asked.mutate()}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
