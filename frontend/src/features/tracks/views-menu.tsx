// Views of the tracks that are kept for everybody in the project: open one, keep this one, forget one.
import { Button, Menu, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconBookmark, IconBookmarkPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { deleteView, type View, viewsQuery } from "@/api/views";
import { errorText } from "@/components/error-panel";
import { SaveViewDialog } from "./dialogs";
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
      <SaveViewDialog
        project={project}
        definition={definition}
        isOpen={isSaving}
        onClose={close}
        names={items.map(({ name }) => name)}
      />
    </>
  );
}
