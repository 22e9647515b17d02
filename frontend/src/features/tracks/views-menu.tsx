// Views of the tracks that are kept for everybody in the project: open one, keep this one, forget one.
import { Button, Group, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconBookmark, IconBookmarkPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { deleteView, putView, type View, viewsQuery } from "@/api/views";
import { errorText } from "@/components/error-panel";
import classes from "./views-menu.module.css";

interface Props {
  project: string;
  definition: Record<string, unknown>;
  canWrite: boolean;
  onOpen: (definition: Record<string, unknown>) => void;
}

export function ViewsMenu({ project, definition, canWrite, onOpen }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const views = useQuery(viewsQuery(project));
  const [isSaving, { open, close }] = useDisclosure(false);
  const again = () => queryClient.invalidateQueries({ queryKey: ["views", project] });
  const forget = useMutation({
    mutationFn: (view: View) => deleteView(project, view.view_id),
    onSettled: again,
    onError: (error) => notifications.show({ message: errorText(error), color: "red.8" }),
  });
  const items = views.data?.items ?? [];
  return (
    <>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<IconBookmark size={16} />}
            className="phone-icon"
            aria-label={t("view.title")}
          >
            {t("view.title")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
          {items.length === 0 && (
            <Text size="sm" className="dim" p="xs">
              {t("view.none")}
            </Text>
          )}
          {items.map((view) => (
            <div key={view.view_id} role="none" className={classes.item}>
              <Menu.Item className={classes.name} onClick={() => onOpen(view.definition)}>
                <span className={`cut ${classes.text}`}>{view.name}</span>
              </Menu.Item>
              {canWrite && (
                <Menu.Item
                  w={36}
                  px={10}
                  aria-label={t("view.delete", { name: view.name })}
                  closeMenuOnClick={false}
                  onClick={() => forget.mutate(view)}
                >
                  <IconTrash size={16} />
                </Menu.Item>
              )}
            </div>
          ))}
          {canWrite && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<IconBookmarkPlus size={16} />} onClick={open}>
                {t("view.save")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <SaveView
        project={project}
        definition={definition}
        isOpen={isSaving}
        onClose={close}
        names={items.map(({ name }) => name)}
      />
    </>
  );
}

interface SaveProps {
  project: string;
  definition: Record<string, unknown>;
  isOpen: boolean;
  onClose: () => void;
  names: readonly string[];
}

function SaveView({ project, definition, isOpen, onClose, names }: SaveProps) {
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
