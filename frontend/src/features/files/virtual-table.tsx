// A table of which only the rows in sight are in the document.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./files.module.css";

export interface TableColumn {
  name: string;
  /** Shown small below the name. */
  type: string;
  isNumber: boolean;
}

interface Props {
  columns: readonly TableColumn[];
  rows: readonly (readonly string[])[];
}

const ROW_PX = 32;
const MOST_COLUMNS = 200;

export function VirtualTable({ columns, rows }: Props) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 15,
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const shown = columns.slice(0, MOST_COLUMNS);
  return (
    <>
      {columns.length > shown.length && (
        <p className="dim">{t("file.columns", { n: shown.length, of: columns.length })}</p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard. */}
      <section ref={scroller} className={`card ${classes.table}`} tabIndex={0} aria-label={t("file.content")}>
        <table className="rows num" aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              <th className={classes.rowNumber}>#</th>
              {shown.map((column, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns neither move nor go, and may share a name.
                <th key={index} style={column.isNumber ? { textAlign: "right" } : undefined}>
                  {column.name}
                  <span className={classes.type}>{column.type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <tr style={{ height: before }} aria-hidden />}
            {items.map((item) => (
              <tr key={item.key} aria-rowindex={item.index + 2} style={{ height: ROW_PX }}>
                <td className={classes.rowNumber}>{item.index + 1}</td>
                {shown.map((column, index) => {
                  const cell = rows[item.index]?.[index] ?? "";
                  return (
                    <td
                      // biome-ignore lint/suspicious/noArrayIndexKey: columns neither move nor go, and may share a name.
                      key={index}
                      className={classes.cell}
                      title={cell.length > 40 ? cell.slice(0, 2000) : undefined}
                      style={column.isNumber ? { textAlign: "right" } : undefined}
                    >
                      {cell.slice(0, 500)}
                    </td>
                  );
                })}
              </tr>
            ))}
            {after > 0 && <tr style={{ height: after }} aria-hidden />}
          </tbody>
        </table>
      </section>
    </>
  );
}
