// Keeps what is seen of the tracks as a view, under a name; the name of one that is there replaces it.
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { putView } from "@/api/views";
import { errorText } from "@/components/error-panel";

interface Props {
  project: string;
  definition: Record<string, unknown>;
  isOpen: boolean;
  onClose: () => void;
  names: readonly string[];
}

export function SaveViewDialog({ project, definition, isOpen, onClose, names }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const save = useMutation({
    mutationFn: () => putView(project, name.trim(), definition),
    onSuccess: (view) => {
      void queryClient.invalidateQueries({ queryKey: ["views", project] });
      notifications.show({ message: t("view.saved", { name: view.name }) });
      setName("");
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) save.mutate();
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("view.save")}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            data-autofocus
            label={t("view.name")}
            description={t("view.hint")}
            maxLength={100}
            value={name}
            error={save.isError ? errorText(save.error) : null}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {names.includes(name.trim()) && (
            <Text size="sm" c="var(--warn)">
              {t("view.replaces")}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!name.trim()}>
              {t("app.ok")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
