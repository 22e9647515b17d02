// The gear at the top right and its dialog.
import { ActionIcon, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconSettings } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { laterDialog } from "@/components/later";

const SettingsDialog = laterDialog(async () => (await import("./settings-dialog")).SettingsDialog);

export function SettingsButton() {
  const { t } = useTranslation();
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <Tooltip label={t("settings.open")}>
        <ActionIcon size="lg" onClick={open} aria-label={t("settings.open")}>
          <IconSettings size={20} />
        </ActionIcon>
      </Tooltip>
      <SettingsDialog isOpen={isOpen} onClose={close} />
    </>
  );
}
