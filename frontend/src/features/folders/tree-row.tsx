// One row of the tree: arrow, kind, name, and the last value dimmed at the right.
import {
  IconAbc,
  IconAdjustments,
  IconChartLine,
  IconChevronDown,
  IconChevronRight,
  IconFile,
  IconFolder,
  IconPhoto,
  IconTerminal2,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Leaf } from "@/api/types";
import { formatBytes, formatCount, formatValue } from "@/lib/format";
import type { TreeRow } from "@/lib/tree";
import classes from "./folder-tree.module.css";

const KIND_ICON = {
  config: IconAdjustments,
  series: IconChartLine,
  console: IconTerminal2,
  file: IconFile,
} as const;

interface Props {
  id: string;
  row: TreeRow;
  top: number;
  height: number;
  isActive: boolean;
  isSelected: boolean;
  onChoose: () => void;
  onToggle: () => void;
}

export function TreeRowView({ id, row, top, height, isActive, isSelected, onChoose, onToggle }: Props) {
  const { i18n } = useTranslation();
  const { entry } = row;
  const Icon = entry?.leaf ? iconOf(entry.leaf, entry.name) : IconFolder;
  const Arrow = row.isExpanded ? IconChevronDown : IconChevronRight;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree around it owns the keys and the focus.
    // biome-ignore lint/a11y/useFocusableInteractive: focus stays on the tree; this is its active descendant.
    <div
      id={id}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.position + 1}
      aria-setsize={row.siblings}
      aria-expanded={entry?.is_folder ? row.isExpanded : undefined}
      aria-selected={isSelected}
      aria-busy={entry === null || undefined}
      className={classes.row}
      data-active={isActive || undefined}
      data-selected={isSelected || undefined}
      style={{ transform: `translateY(${top}px)`, height, paddingLeft: 6 + (row.level - 1) * 16 }}
      onClick={onChoose}
    >
      {entry?.is_folder ? (
        // biome-ignore lint/a11y/useKeyWithClickEvents: Left and Right do this on the keyboard.
        // biome-ignore lint/a11y/noStaticElementInteractions: a bigger target for the pointer only.
        <span
          className={classes.arrow}
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          <Arrow size={14} aria-hidden />
        </span>
      ) : (
        <span className={classes.arrow} />
      )}
      {entry ? (
        <>
          <Icon size={16} className={classes.icon} aria-hidden />
          <span className={classes.name} title={entry.key}>
            {entry.name}
          </span>
          <span className={classes.value}>
            {entry.leaf ? leafText(entry.leaf, i18n.language) : formatCount(entry.n_leaves, i18n.language)}
          </span>
        </>
      ) : (
        <span className={classes.waiting} />
      )}
    </div>
  );
}

const IMAGE = /\.(png|jpe?g|gif|webp|avif|bmp|svg)$/i;

function iconOf(leaf: Leaf, name: string) {
  if (leaf.kind === "file" && (leaf.content_type?.startsWith("image/") || IMAGE.test(name))) return IconPhoto;
  if (leaf.kind === "series" && leaf.type === "str") return IconAbc;
  return KIND_ICON[leaf.kind];
}

function leafText(leaf: Leaf, language: string): string {
  if (leaf.kind === "file") return formatBytes(leaf.size_bytes);
  if (leaf.kind === "console") return leaf.n_lines === null ? "" : formatCount(leaf.n_lines, language);
  return formatValue(leaf.value);
}
