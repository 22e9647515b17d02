// The tree of one track: virtual rows, one tab stop, all keys of a WAI-ARIA tree, own filter.
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Entry } from "@/api/types";
import { filterEntries, findByTyping, flattenTree, foldersAbove, moveInTree } from "@/lib/tree";
import classes from "./folder-tree.module.css";
import { TreeRowView } from "./tree-row";

const ROW_PX = 30;
const TYPING_MS = 600;

interface Props {
  entries: readonly Entry[];
  selected: string | undefined;
  onSelect: (key: string) => void;
}

export function FolderTree({ entries, selected, onSelect }: Props) {
  const { t } = useTranslation();
  const [filter, setFilter] = useState("");
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(() => new Set(foldersAbove(selected ?? "")));
  const [activeKey, setActiveKey] = useState(selected);
  const typing = useRef({ text: "", at: 0 });
  const scroller = useRef<HTMLDivElement>(null);

  const rows = useMemo(() => {
    const isFiltering = filter.trim() !== "";
    return flattenTree(filterEntries(entries, filter), (key) => isFiltering || expanded.has(key));
  }, [entries, filter, expanded]);
  // By key, not by place: rows that appear above must not move the cursor.
  const active = rows.findIndex((row) => row.entry.key === activeKey);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => rows[index]?.entry.key ?? index,
  });

  useEffect(() => {
    if (!selected) return;
    setActiveKey(selected);
    setExpanded((before) => new Set([...before, ...foldersAbove(selected)]));
  }, [selected]);

  const setOpen = (keys: readonly string[], isOpen: boolean) =>
    setExpanded((before) => {
      const next = new Set(before);
      for (const key of keys) isOpen ? next.add(key) : next.delete(key);
      return next;
    });
  const goTo = (index: number) => {
    setActiveKey(rows[index]?.entry.key);
    virtual.scrollToIndex(index, { align: "auto" });
  };
  const choose = (entry: Entry) => {
    setActiveKey(entry.key);
    onSelect(entry.key);
    if (entry.is_folder && !expanded.has(entry.key)) setOpen([entry.key], true);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pageRows = Math.floor((scroller.current?.clientHeight ?? 300) / ROW_PX);
    const move = moveInTree(rows, active, event.key, pageRows);
    if (move) {
      event.preventDefault();
      if (move.active !== undefined) goTo(move.active);
      if (move.expand) setOpen(move.expand, true);
      if (move.collapse) setOpen([move.collapse], false);
      const row = rows[active];
      if (move.select && row) choose(row.entry);
    } else if (event.key.length === 1) {
      // Letters belong to type-ahead here; the page's own single keys must not fire as well.
      event.stopPropagation();
      const isWord = event.timeStamp - typing.current.at < TYPING_MS;
      typing.current = { text: (isWord ? typing.current.text : "") + event.key, at: event.timeStamp };
      const found = findByTyping(rows, active, typing.current.text);
      if (found !== null) goTo(found);
    }
  };

  return (
    <div className={classes.pane}>
      <TextInput
        size="xs"
        m={8}
        aria-label={t("tree.filter")}
        placeholder={t("tree.filter")}
        leftSection={<IconSearch size={14} />}
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
      />
      <div
        ref={scroller}
        role="tree"
        tabIndex={0}
        aria-label={t("tree.label")}
        aria-activedescendant={active >= 0 ? `tree-row-${active}` : undefined}
        className={classes.tree}
        onKeyDown={onKeyDown}
        onFocus={() => active < 0 && rows.length > 0 && setActiveKey(rows[0]?.entry.key)}
      >
        {rows.length === 0 && <div className={classes.none}>{t("tree.noneMatch")}</div>}
        <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <TreeRowView
                key={item.key}
                id={`tree-row-${item.index}`}
                row={row}
                top={item.start}
                height={ROW_PX}
                isActive={item.index === active}
                isSelected={row.entry.key === selected}
                onChoose={() => choose(row.entry)}
                onToggle={() => setOpen([row.entry.key], !row.isExpanded)}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
