// The tracks of one project: filter, columns, groups and views above, the table below. What is seen is in the address.
import { ActionIcon, Button, Group, Select, Tooltip, useComputedColorScheme } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconColumns3, IconTrash, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/client";
import { columnsQuery, type TableQuestion } from "@/api/listing";
import { projectQuery } from "@/api/projects";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { PythonSample } from "@/components/python-sample";
import { RowSkeleton } from "@/components/row-skeleton";
import { MAX_TRACKS, tensorboardAddress } from "@/features/tensorboard/address";
import {
  type ColumnLook,
  isOwn,
  keepLook,
  moveColumn,
  NO_LOOK,
  readLook,
  shownColumns,
} from "@/features/tracks/columns";
import { ColumnDrawer, DeleteTracksDialog, TagDialog } from "@/features/tracks/dialogs";
import { FilterBar } from "@/features/tracks/filter-bar";
import { SelectionBar } from "@/features/tracks/selection-bar";
import { useTableRows } from "@/features/tracks/table-rows";
import { TrackTable } from "@/features/tracks/track-table";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { useSelection } from "@/features/tracks/use-selection";
import { ViewsMenu } from "@/features/tracks/views-menu";
import { focusMain, isFocusFree } from "@/lib/focus";
import { areKeysOn, useReloadInterval } from "@/lib/preferences";
import {
  joinList,
  NEWEST_FIRST,
  parseSort,
  parseTracksSearch,
  quoted,
  type SortKey,
  type TracksSearch,
  writeSort,
} from "@/lib/tracks-state";
import { ProjectNav } from "./project-page";
import { SignedInPage } from "./signed-in-page";
import classes from "./tracks-page.module.css";

const MOST_COMPARED = 100;

export function TracksPage() {
  const { t } = useTranslation();
  const { project } = useParams({ from: "/p/$project" });
  const search = useSearch({ from: "/p/$project" });
  const navigate = useNavigate({ from: "/p/$project" });
  const scheme = useComputedColorScheme("light");
  useLiveReload({ project });
  const refetchInterval = useReloadInterval();
  const facts = useQuery({ ...columnsQuery(project), refetchInterval });
  const owner = useQuery(projectQuery(project));
  const canWrite = owner.data !== undefined && owner.data.role !== "viewer";
  const known = facts.data?.items;
  const columns = useMemo(() => shownColumns(search.cols, known ?? []), [search.cols, known]);
  const question = useMemo<TableQuestion>(
    () => ({
      query: search.q ?? "",
      sort: withGroup(search.group, search.sort ?? NEWEST_FIRST),
      columns: columns.filter((name) => !isOwn(name)),
    }),
    [search.q, search.group, search.sort, columns],
  );
  const [seen, setSeen] = useState({ first: 0, last: 0 });
  const onSeen = useCallback((first: number, last: number) => setSeen({ first, last }), []);
  const rows = useTableRows(project, question, search.group, seen, refetchInterval);
  const selection = useSelection(project, question);
  const { look, setLook } = useLook(project);
  const [isDeleting, deleting] = useDisclosure(false);
  const [isTagging, tagging] = useDisclosure(false);
  const [isChoosing, choosing] = useDisclosure(false);
  const [chosenColumn, setChosenColumn] = useState<string>();

  const change = useCallback(
    (part: Partial<TracksSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...part }), replace: true }),
    [navigate],
  );
  const setColumns = useCallback(
    (next: readonly string[]) => change({ cols: joinList(next) || undefined }),
    [change],
  );
  const onSort = useCallback((keys: SortKey[]) => change({ sort: writeSort(keys) || undefined }), [change]);
  const { q } = search;
  const onTag = useCallback(
    (tag: string) => change({ q: [q, `tag:${quoted(tag)}`].filter(Boolean).join(" ") }),
    [change, q],
  );
  const chosen = useMemo(() => [...selection.selected], [selection.selected]);
  const named = chosen.flatMap((id) => rows.known.get(id) ?? selection.known.get(id) ?? []);
  const tags = useMemo(
    () => [...new Set([...rows.known.values()].flatMap((row) => row.tags))].sort(),
    [rows.known],
  );
  const compare = () =>
    void navigate({
      to: "/p/$project/compare",
      params: { project },
      search: { t: chosen.slice(0, MOST_COMPARED).join(",") },
    });
  useHotkeys(
    areKeysOn()
      ? [
          ["C", () => chosen.length > 0 && compare()],
          ["Delete", () => chosen.length > 0 && canWrite && deleting.open()],
          ["Escape", selection.clear],
          // From nowhere in particular the arrows lead into the table, without a way through its whole head.
          ["ArrowDown", () => isFocusFree() && focusRow(), { preventDefault: false }],
        ]
      : [],
  );

  const sort = parseSort(search.sort ?? NEWEST_FIRST);
  const total = rows.total ?? 0;
  const isBadQuery = rows.error instanceof ApiError && rows.error.code === "bad_query";
  const head = useMemo(
    () => ({
      onSort,
      onWidth: (name: string, width: number) =>
        setLook((before) => ({ ...before, widths: { ...before.widths, [name]: width } })),
      onMove: (name: string, before: string) => setColumns(moveColumn(columns, name, before)),
      onStep: (name: string, by: 1 | -1) => {
        const beside = columns[columns.indexOf(name) + by];
        if (beside) setColumns(moveColumn(columns, name, beside));
      },
      onPin: (name: string) => {
        const at = columns.indexOf(name);
        const isPinned = at < look.nPinned;
        const rest = columns.filter((one) => one !== name);
        const nPinned = isPinned ? look.nPinned - 1 : look.nPinned + 1;
        rest.splice(isPinned ? nPinned : nPinned - 1, 0, name);
        setLook((before) => ({ ...before, nPinned }));
        setColumns(rest);
      },
      onHide: (name: string) => setColumns(columns.filter((one) => one !== name)),
      onGroup: (name: string) => change({ group: name }),
    }),
    [columns, look.nPinned, change, onSort, setColumns, setLook],
  );

  const numbers = useMemo(
    () =>
      new Set([
        "number",
        "duration",
        ...(known ?? []).filter((one) => one.is_number).map(({ name }) => name),
      ]),
    [known],
  );

  const body =
    rows.error && !isBadQuery && rows.total === undefined ? (
      <ErrorPanel error={rows.error} onRetry={rows.retry} />
    ) : rows.total === undefined && !isBadQuery ? (
      <RowSkeleton rows={12} height={24} />
    ) : total === 0 && (search.q || isBadQuery) ? (
      <EmptyState title={isBadQuery ? t("filter.badTitle") : t("tracks.noneMatch")}>
        <Button variant="default" onClick={() => change({ q: undefined })}>
          {t("tracks.clearFilter")}
        </Button>
      </EmptyState>
    ) : total === 0 ? (
      <EmptyState title={t("tracks.emptyTitle")} text={t("tracks.empty")}>
        <PythonSample project={project} />
      </EmptyState>
    ) : (
      <TrackTable
        columns={columns}
        look={look}
        rows={rows}
        sort={sort}
        selected={selection.selected}
        allSelected={chosen.length === 0 ? "none" : chosen.length >= total ? "all" : "some"}
        onSelectAll={chosen.length > 0 ? selection.clear : selection.selectAll}
        onToggle={selection.toggle}
        onTag={onTag}
        onSeen={onSeen}
        head={head}
        numbers={numbers}
        chosen={chosenColumn}
      />
    );
  const crumbs = <Link to="/projects">{t("app.projects")}</Link>;
  // Nothing of it can be filtered or chosen.
  if (rows.error instanceof ApiError && rows.error.code === "project_not_found")
    return (
      <SignedInPage crumbs={crumbs}>
        <ErrorPanel error={rows.error} />
      </SignedInPage>
    );
  return (
    <SignedInPage crumbs={crumbs}>
      <div className={classes.page}>
        <ProjectNav project={project} />
        <div className={classes.top}>
          <h1 className={classes.title} title={project}>
            {project}
          </h1>
          <span className={`dim num ${classes.count}`} aria-live="polite">
            {rows.total !== undefined && t("projects.tracks", { count: total })}
          </span>
          <span style={{ flex: 1 }} />
          <Tooltip label={t("members.title")}>
            <ActionIcon
              size="lg"
              aria-label={t("members.title")}
              renderRoot={(props) => <Link to="/p/$project/members" params={{ project }} {...props} />}
            >
              <IconUsers size={18} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t("trash.title")}>
            <ActionIcon
              size="lg"
              aria-label={t("trash.title")}
              renderRoot={(props) => <Link to="/p/$project/trash" params={{ project }} {...props} />}
            >
              <IconTrash size={18} />
            </ActionIcon>
          </Tooltip>
        </div>
        <div className={classes.tools}>
          <FilterBar
            query={search.q ?? ""}
            error={rows.error}
            columns={known ?? []}
            tags={tags}
            onChange={(next) => change({ q: next || undefined })}
          />
          <Group gap="xs" wrap="nowrap" className={classes.buttons}>
            <Select
              aria-label={t("tracks.groupBy")}
              placeholder={t("tracks.groupBy")}
              clearable
              searchable
              limit={60}
              w={180}
              value={search.group ?? null}
              data={groupChoices(search.group, known?.map(({ name }) => name) ?? [], (name) =>
                isOwn(name) ? t(`column.${name}`) : name,
              )}
              onChange={(name) => change({ group: name ?? undefined })}
            />
            <Button
              variant="default"
              leftSection={<IconColumns3 size={16} />}
              className="phone-icon"
              aria-label={t("column.title")}
              onClick={choosing.open}
            >
              {t("column.title")}
            </Button>
            <ViewsMenu
              project={project}
              canWrite={canWrite}
              definition={{ ...search, look }}
              onOpen={(definition) => {
                if (definition.look) setLook({ ...NO_LOOK, ...(definition.look as Partial<ColumnLook>) });
                void navigate({ search: parseTracksSearch(definition) });
              }}
            />
          </Group>
        </div>
        {chosen.length > 0 && (
          <SelectionBar
            trackIds={chosen}
            named={named}
            total={total}
            canWrite={canWrite}
            tensorboard={tensorboardAddress(chosen.slice(0, MAX_TRACKS), scheme === "dark")}
            tensorboardHint={
              chosen.length > MAX_TRACKS ? t("tensorboard.first", { count: MAX_TRACKS }) : undefined
            }
            onSelectAll={selection.selectAll}
            onClear={selection.clear}
            onCompare={compare}
            onTag={tagging.open}
            onDelete={deleting.open}
          />
        )}
        {body}
      </div>
      <ColumnDrawer
        isOpen={isChoosing}
        onClose={choosing.close}
        shown={columns}
        facts={known ?? []}
        onChange={(next) => {
          setChosenColumn(next.find((name) => !columns.includes(name)));
          setColumns(next);
        }}
        onReset={() => change({ cols: undefined })}
      />
      <TagDialog
        project={project}
        trackIds={chosen}
        known={rows.known}
        tags={tags}
        isOpen={isTagging}
        onClose={tagging.close}
      />
      <DeleteTracksDialog
        project={project}
        trackIds={chosen}
        named={named}
        isOpen={isDeleting}
        onClose={deleting.close}
        onDeleted={() => {
          deleting.close();
          selection.clear();
          focusMain();
        }}
      />
    </SignedInPage>
  );
}

/** The row that had it last, or the first. */
function focusRow() {
  const row =
    document.querySelector('tbody tr[tabindex="0"]') ?? document.querySelector("tbody tr[tabindex]");
  (row as HTMLElement | null)?.focus();
}

/** What is grouped stands together only if it is sorted by that first. */
function withGroup(group: string | undefined, sort: string): string {
  if (group === undefined) return sort;
  const keys = parseSort(sort);
  const own = keys.find((key) => key.column === group);
  return writeSort([
    own ?? { column: group, isDescending: false },
    ...keys.filter((key) => key.column !== group),
  ]);
}

function groupChoices(held: string | undefined, logged: readonly string[], label: (name: string) => string) {
  const names = ["status", "tag", "by", "origin", ...logged.filter((name) => name.startsWith("p."))];
  return [...new Set(held ? [held, ...names] : names)].map((value) => ({ value, label: label(value) }));
}

function useLook(project: string) {
  const [look, setLook] = useState<ColumnLook>(() => readLook(project));
  useEffect(() => setLook(readLook(project)), [project]);
  useEffect(() => {
    // Not at once: an edge that is dragged would write with every pixel.
    const timer = setTimeout(() => keepLook(project, look), 300);
    return () => clearTimeout(timer);
  }, [project, look]);
  return { look, setLook };
}
