// The menu of a lab's page: Submit first, as the guide says.
import { IconPencil, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { type KeyboardEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./labs.module.css";

interface Props {
  onSubmit: () => void;
  onEdit: () => void;
  onDelete: () => void;
}

export function LabMenu({ onSubmit, onEdit, onDelete }: Props) {
  const { t } = useTranslation();
  const bar = useRef<HTMLDivElement>(null);
  // One stop of the tab key; arrows go on from there, as in any menu.
  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(bar.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const last = items.length - 1;
    const next = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    if (!(event.key in next)) return;
    event.preventDefault();
    items[next[event.key as keyof typeof next]]?.focus();
  };
  return (
    <div ref={bar} className={classes.menu} role="menubar" aria-label={t("lab.menu")} onKeyDown={onKeyDown}>
      <button type="button" role="menuitem" className={classes.first} onClick={onSubmit}>
        <IconPlayerPlay size={16} aria-hidden />
        {t("lab.submit")}
      </button>
      <button type="button" role="menuitem" tabIndex={-1} onClick={onEdit}>
        <IconPencil size={16} aria-hidden />
        {t("lab.edit")}
      </button>
      <button type="button" role="menuitem" tabIndex={-1} onClick={onDelete}>
        <IconTrash size={16} aria-hidden />
        {t("lab.delete")}
      </button>
    </div>
  );
}
