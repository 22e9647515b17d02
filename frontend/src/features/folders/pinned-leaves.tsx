// Leaves that stay on top of the tree, in every track of a project.
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconPin, IconPinned, IconPinnedOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { setPreferences, usePreferences } from "@/lib/preferences";
import classes from "./folder-tree.module.css";

interface Props {
  projectId: string;
  selected: string | undefined;
  onSelect: (key: string) => void;
}

const MOST_PINS = 12;

export function setPinned(pins: Record<string, string[]>, projectId: string, key: string, isPinned: boolean) {
  const others = (pins[projectId] ?? []).filter((one) => one !== key);
  setPreferences({ pins: { ...pins, [projectId]: isPinned ? [...others, key].slice(-MOST_PINS) : others } });
}

export function PinnedLeaves({ projectId, selected, onSelect }: Props) {
  const { t } = useTranslation();
  const { pins } = usePreferences();
  const pinned = pins[projectId] ?? [];
  if (pinned.length === 0) return null;
  return (
    <ul className={classes.pins} aria-label={t("tree.pinned")}>
      {pinned.map((key) => (
        <li key={key} data-selected={key === selected || undefined}>
          <button type="button" className="cut" title={key} onClick={() => onSelect(key)}>
            <IconPinned size={14} aria-hidden /> {key}
          </button>
          <ActionIcon
            size={24}
            aria-label={t("tree.unpin", { key })}
            onClick={() => setPinned(pins, projectId, key, false)}
          >
            <IconPinnedOff size={14} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}

export function PinButton({ projectId, leafKey }: { projectId: string; leafKey: string }) {
  const { t } = useTranslation();
  const { pins } = usePreferences();
  const isPinned = (pins[projectId] ?? []).includes(leafKey);
  const label = isPinned ? t("tree.unpin", { key: leafKey }) : t("tree.pin");
  return (
    <Tooltip label={label}>
      <ActionIcon
        aria-label={label}
        aria-pressed={isPinned}
        onClick={() => setPinned(pins, projectId, leafKey, !isPinned)}
      >
        {isPinned ? <IconPinned size={18} color="var(--accent)" /> : <IconPin size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}
