// The tree of one track: virtual rows of levels that load as they are looked at, one tab stop, all keys of a WAI-ARIA
// tree, own filter, pinned leaves on top.
import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedValue, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { findByStart, leavesQuery } from "@/api/folders";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatCount } from "@/lib/format";
import { usePreferences } from "@/lib/preferences";
import {
  findByTyping,
  foldersAbove,
  layTree,
  levelsOfFound,
  moveInTree,
  nextLeaf,
  type TreeRow,
} from "@/lib/tree";
import classes from "./folder-tree.module.css";
import { PinnedLeaves } from "./pinned-leaves";
import { TreeRowView } from "./tree-row";
import { type SeenPart, useLevels } from "./use-levels";

const ROW_PX = 30;
const TYPING_MS = 600;
const MOST_FOUND = 500;
const NOT_SEEN: readonly SeenPart[] = [];

interface Props {
  trackId: string;
  projectId: string;
  selected: string | undefined;
  onSelect: (key: string) => void;
}

export function FolderTree({ trackId, projectId, selected, onSelect }: Props) {
  const { t, i18n } = useTranslation();
  const { hasKeys } = usePreferences();
  const [filter, setFilter] = useState("");
  const [words] = useDebouncedValue(filter.trim(), 120);
  const isFiltering = filter.trim() !== "" && words !== "";
  const found = useQuery({
    ...leavesQuery(trackId, { q: words, limit: MOST_FOUND }),
    enabled: isFiltering,
    placeholderData: keepPreviousData,
  });
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(() => new Set(foldersAbove(selected ?? "")));
  const [seen, setSeen] = useState(NOT_SEEN);
  const wanted = useMemo(() => (selected ? [selected] : []), [selected]);
  const { levels, error, retry } = useLevels(trackId, expanded, seen, wanted);
  const rows = useMemo(
    () =>
      isFiltering
        ? layTree(levelsOfFound(found.data?.entries ?? []), () => true)
        : layTree(levels, (key) => expanded.has(key)),
    [isFiltering, found.data, levels, expanded],
  );
  // By key as far as it is known: rows that appear above must not move the cursor.
  const [cursor, setCursor] = useState<{ key?: string; index: number }>({ key: selected, index: -1 });
  const byKey = cursor.key === undefined ? -1 : rows.indexOf(cursor.key);
  const active = byKey >= 0 ? byKey : Math.min(cursor.index, rows.count - 1);
  const typing = useRef({ text: "", at: 0 });
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();

  const firstSeen = items[0]?.index ?? 0;
  const lastSeen = items.at(-1)?.index ?? 0;
  useEffect(() => {
    const parts = new Map<string, SeenPart>();
    for (let index = firstSeen; index <= lastSeen; index++) {
      const row = rows.at(index);
      if (!row) continue;
      const part = parts.get(row.path);
      if (part) part.to = row.position;
      else parts.set(row.path, { path: row.path, from: row.position, to: row.position });
    }
    const next = [...parts.values()];
    if (!isFiltering) setSeen((before) => (JSON.stringify(before) === JSON.stringify(next) ? before : next));
  }, [firstSeen, lastSeen, rows, isFiltering]);

  useEffect(() => {
    if (!selected) return;
    setCursor((before) => (before.key === selected ? before : { key: selected, index: -1 }));
    setExpanded((before) => {
      const above = foldersAbove(selected).filter((key) => !before.has(key));
      return above.length > 0 ? new Set([...before, ...above]) : before;
    });
  }, [selected]);

  // An entry that the address names is scrolled to once, when its row is known; never again, that would be a jump.
  const revealed = useRef<string | undefined>(undefined);
  const selectedRow = selected === undefined ? -1 : rows.indexOf(selected);
  useEffect(() => {
    if (selectedRow < 0 || revealed.current === selected) return;
    revealed.current = selected;
    virtual.scrollToIndex(selectedRow, { align: "auto" });
  }, [selectedRow, selected, virtual]);

  const setOpen = (keys: readonly string[], isOpen: boolean) =>
    setExpanded((before) => {
      const next = new Set(before);
      for (const key of keys) isOpen ? next.add(key) : next.delete(key);
      return next;
    });
  // Down out of a folder whose rows are still on their way leads to the first of them, as soon as it is there.
  const [entering, setEntering] = useState<string>();
  const goTo = (index: number) => {
    setEntering(undefined);
    if (index < 0) return;
    setCursor({ key: rows.at(index)?.entry?.key, index });
    virtual.scrollToIndex(index, { align: "auto" });
  };
  const choose = (row: TreeRow, index: number) => {
    if (!row.entry) return;
    setCursor({ key: row.entry.key, index });
    revealed.current = row.entry.key;
    onSelect(row.entry.key);
    if (row.entry.is_folder && !expanded.has(row.entry.key)) setOpen([row.entry.key], true);
  };
  const step = (way: 1 | -1) => {
    const index = nextLeaf(rows, active, way);
    const row = rows.at(index);
    if (!row) return;
    goTo(index);
    choose(row, index);
  };
  useHotkeys(
    hasKeys
      ? [
          ["J", () => step(1)],
          ["K", () => step(-1)],
        ]
      : [],
  );

  const isOnItsWay = (folder: string) => expanded.has(folder) && !levels.has(folder) && error === null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the rows have come.
  useEffect(() => {
    if (entering === undefined || !levels.has(entering)) return;
    goTo(rows.indexAt(entering, 0));
  }, [entering, levels, rows]);

  const type = (event: KeyboardEvent) => {
    const isWord = event.timeStamp - typing.current.at < TYPING_MS;
    const text = (isWord ? typing.current.text : "") + event.key;
    typing.current = { text, at: event.timeStamp };
    const near = findByTyping(rows, active, text);
    if (near >= 0) return goTo(near);
    const row = rows.at(active);
    if (!row || isFiltering) return;
    // Not among what is loaded: the server knows the whole level.
    findByStart(trackId, row.path, text, row.position - (text.length > 1 ? 1 : 0))
      .then(({ position }) => {
        if (position !== null && typing.current.text === text) goTo(rows.indexAt(row.path, position));
      })
      // Typing on asks again.
      .catch(() => undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pageRows = Math.floor((scroller.current?.clientHeight ?? 300) / ROW_PX);
    const at = rows.at(active)?.entry;
    if (event.key === "ArrowDown" && at?.is_folder && !isFiltering && isOnItsWay(at.key)) {
      event.preventDefault();
      setEntering(at.key);
      return;
    }
    const move = moveInTree(rows, active, event.key, pageRows);
    if (move) {
      event.preventDefault();
      if (move.active !== undefined) goTo(move.active);
      if (move.expand) setOpen(move.expand, true);
      if (move.collapse) setOpen([move.collapse], false);
      const row = rows.at(active);
      if (move.select && row) choose(row, active);
    } else if (event.key.length === 1) {
      // Letters belong to type-ahead here; the page's own single keys must not fire as well.
      event.stopPropagation();
      type(event);
    }
  };

  const nFound = Object.values(found.data?.counts ?? {}).reduce((sum, n) => sum + n, 0);
  const isLoading = isFiltering ? found.data === undefined : levels.size === 0;
  return (
    <div className={classes.pane}>
      <TextInput
        size="xs"
        m={8}
        id="tree-filter"
        aria-label={t("tree.filter")}
        placeholder={t("tree.filter")}
        leftSection={<IconSearch size={14} />}
        rightSection={
          filter && <CloseButton size="xs" aria-label={t("tree.clear")} onClick={() => setFilter("")} />
        }
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setFilter("");
          if (event.key === "ArrowDown") scroller.current?.focus();
        }}
      />
      {!isFiltering && <PinnedLeaves projectId={projectId} selected={selected} onSelect={onSelect} />}
      {error !== null && rows.count === 0 ? <ErrorPanel error={error} onRetry={retry} /> : null}
      {isLoading && error === null && (
        // Over the tree, which would else jump down and up again.
        <div className={classes.waiting}>
          <RowSkeleton rows={8} height={16} />
        </div>
      )}
      {!isLoading && rows.count === 0 && isFiltering && (
        <div className={classes.none}>{t("tree.noneMatch")}</div>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it is a tree as soon as it has rows. */}
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: it is a tree as soon as it has rows. */}
      <div
        ref={scroller}
        // A tree without rows would be none.
        role={rows.count > 0 ? "tree" : undefined}
        tabIndex={0}
        aria-label={rows.count > 0 ? t("tree.label") : undefined}
        aria-activedescendant={
          active >= firstSeen && active <= lastSeen && rows.count > 0 ? `tree-row-${active}` : undefined
        }
        className={classes.tree}
        onKeyDown={onKeyDown}
        onFocus={() => active < 0 && rows.count > 0 && setCursor({ key: rows.at(0)?.entry?.key, index: 0 })}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="presentation">
          {items.map((item) => {
            const row = rows.at(item.index);
            if (!row) return null;
            return (
              <TreeRowView
                key={row.entry?.key ?? `${row.path}/${row.position}`}
                id={`tree-row-${item.index}`}
                row={row}
                top={item.start}
                height={ROW_PX}
                isActive={item.index === active}
                isSelected={row.entry !== null && row.entry.key === selected}
                onChoose={() => choose(row, item.index)}
                onToggle={() => row.entry && setOpen([row.entry.key], !row.isExpanded)}
              />
            );
          })}
        </div>
      </div>
      {isFiltering && nFound > 0 && (
        <div className={classes.found} role="status">
          {nFound > MOST_FOUND
            ? t("tree.foundSome", { shown: MOST_FOUND, n: formatCount(nFound, i18n.language) })
            : t("tree.found", { count: nFound })}
        </div>
      )}
    </div>
  );
}
