// Creates a project and tells its name.
import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { createProject } from "@/api/projects";
import { errorText } from "@/components/error-panel";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

interface Props {
  isOpen: boolean;
  onClose: () => void;
  onCreated: (name: string) => void;
}

export function CreateProjectDialog({ isOpen, onClose, onCreated }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useMutation({
    mutationFn: () => createProject({ name, description: description || undefined }),
    onSuccess: (project) => {
      void queryClient.invalidateQueries({ queryKey: ["projects"] });
      onCreated(project.name);
    },
  });
  const isBad = name !== "" && !NAME.test(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isBad) create.mutate();
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("projects.createTitle")}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t("projects.name")}
            description={t("projects.nameHint")}
            required
            data-autofocus
            value={name}
            error={isBad ? t("projects.nameBad") : null}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label={t("projects.description")}
            autosize
            minRows={2}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {create.isError && (
            <Text c="var(--danger)" size="sm" role="alert">
              {errorText(create.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" loading={create.isPending} disabled={isBad || name === ""}>
              {t("app.ok")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
