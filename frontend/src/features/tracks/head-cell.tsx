// The head of one column: sorts by a click, is moved by dragging, widened at its edge, and has a menu for the rest.
import { ActionIcon, Menu } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowLeft,
  IconArrowRight,
  IconArrowUp,
  IconDotsVertical,
  IconEyeOff,
  IconLayoutList,
  IconPin,
} from "@tabler/icons-react";
import type { PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { nextSort, type SortKey } from "@/lib/tracks-state";
import { columnParts, isOwn, MAX_WIDTH, MIN_WIDTH } from "./columns";
import type { Placed } from "./table-line";
import classes from "./track-table.module.css";

export interface HeadActions {
  onSort: (keys: SortKey[]) => void;
  onWidth: (name: string, width: number) => void;
  onMove: (name: string, before: string) => void;
  onStep: (name: string, by: 1 | -1) => void;
  onPin: (name: string) => void;
  onHide: (name: string) => void;
  onGroup: (name: string) => void;
}

interface Props extends HeadActions {
  column: Placed;
  sort: readonly SortKey[];
  /** Whether its cells stand at the right, so that its name does too. */
  isNumber: boolean;
}

export function HeadCell({
  column,
  sort,
  isNumber,
  onSort,
  onWidth,
  onMove,
  onStep,
  onPin,
  onHide,
  onGroup,
}: Props) {
  const { t } = useTranslation();
  const { name } = column;
  const place = sort.findIndex((key) => key.column === name);
  const key = sort[place];
  const direction = !key ? "none" : key.isDescending ? "descending" : "ascending";
  const Arrow = key?.isDescending ? IconArrowDown : IconArrowUp;
  const label = isOwn(name) ? t(`column.${name}`) : name.slice(2);
  return (
    <th
      aria-sort={direction}
      aria-colindex={column.index}
      data-number={isNumber}
      className={column.left === undefined ? undefined : classes.pinned}
      style={column.left === undefined ? undefined : { left: column.left }}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData("text/column", name);
        event.dataTransfer.effectAllowed = "move";
      }}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes("text/column")) event.preventDefault();
      }}
      onDrop={(event) => {
        const moved = event.dataTransfer.getData("text/column");
        if (moved) onMove(moved, name);
      }}
    >
      <div className={classes.head}>
        <button
          type="button"
          className={classes.sort}
          title={isOwn(name) ? label : name}
          aria-label={label}
          onClick={(event) => onSort(nextSort(sort, name, event.shiftKey))}
        >
          <ColumnName name={name} label={label} />
          {key && <Arrow size={14} aria-hidden />}
          {key && sort.length > 1 && <span className={classes.place}>{place + 1}</span>}
        </button>
        <Menu position="bottom-start" width={190}>
          <Menu.Target>
            <ActionIcon size={24} className={classes.more} aria-label={t("column.menu", { name: label })}>
              <IconDotsVertical size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconArrowUp size={16} />}
              onClick={() => onSort([{ column: name, isDescending: false }])}
            >
              {t("column.ascending")}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconArrowDown size={16} />}
              onClick={() => onSort([{ column: name, isDescending: true }])}
            >
              {t("column.descending")}
            </Menu.Item>
            <Menu.Item leftSection={<IconLayoutList size={16} />} onClick={() => onGroup(name)}>
              {t("column.group")}
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item leftSection={<IconArrowLeft size={16} />} onClick={() => onStep(name, -1)}>
              {t("column.left")}
            </Menu.Item>
            <Menu.Item leftSection={<IconArrowRight size={16} />} onClick={() => onStep(name, 1)}>
              {t("column.right")}
            </Menu.Item>
            <Menu.Item leftSection={<IconPin size={16} />} onClick={() => onPin(name)}>
              {column.left === undefined ? t("column.pin") : t("column.unpin")}
            </Menu.Item>
            <Menu.Item leftSection={<IconEyeOff size={16} />} onClick={() => onHide(name)}>
              {t("column.hide")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Edge width={column.width} onWidth={(width) => onWidth(name, width)} />
      </div>
    </th>
  );
}

function ColumnName({ name, label }: { name: string; label: string }) {
  if (isOwn(name)) return <span className="cut">{label}</span>;
  const { folder, leaf } = columnParts(name);
  return (
    <span className={classes.columnName}>
      {folder && <span className={classes.folder}>{folder}</span>}
      <span className={classes.leaf}>{leaf}</span>
    </span>
  );
}

/** For the pointer only: with the keyboard a column is shown, hidden and moved, and its text is in its title. */
function Edge({ width, onWidth }: { width: number; onWidth: (width: number) => void }) {
  const start = (event: PointerEvent<HTMLSpanElement>) => {
    const from = event.clientX;
    const edge = event.currentTarget;
    edge.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) =>
      onWidth(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width + moved.clientX - from)));
    edge.addEventListener("pointermove", move);
    edge.addEventListener("pointerup", () => edge.removeEventListener("pointermove", move), { once: true });
  };
  return (
    <span
      className={classes.edge}
      aria-hidden
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={start}
    />
  );
}
