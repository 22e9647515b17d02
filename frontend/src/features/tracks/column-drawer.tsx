// The columns of the table, chosen at the side of it.
import { Drawer } from "@mantine/core";
import type { ComponentProps } from "react";
import { useTranslation } from "react-i18next";
import { ColumnChooser } from "./column-chooser";

interface Props extends ComponentProps<typeof ColumnChooser> {
  isOpen: boolean;
  onClose: () => void;
}

export function ColumnDrawer({ isOpen, onClose, ...chooser }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      position="right"
      title={t("column.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <ColumnChooser {...chooser} />
    </Drawer>
  );
}
