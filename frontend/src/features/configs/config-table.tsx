// Config values as keys and values.
import { useTranslation } from "react-i18next";
import type { Entry } from "@/api/types";
import { formatExact } from "@/lib/format";
import classes from "./config-table.module.css";

interface Props {
  entries: readonly Entry[];
  labelOf: (entry: Entry) => string;
  onOpen: (key: string) => void;
}

const MOST_ROWS = 300;
const MOST_TITLE = 400;

export function ConfigTable({ entries, labelOf, onOpen }: Props) {
  const { t } = useTranslation();
  return (
    <div className="card scroll-x">
      <table className="rows">
        <thead>
          <tr>
            <th>{t("folder.key")}</th>
            <th>{t("folder.value")}</th>
          </tr>
        </thead>
        <tbody>
          {entries.slice(0, MOST_ROWS).map((entry) => {
            const text = formatExact(entry.leaf?.value);
            return (
              <tr key={entry.key}>
                <td>
                  <button type="button" className="sort" onClick={() => onOpen(entry.key)}>
                    {labelOf(entry)}
                  </button>
                </td>
                <td className="mono">
                  <div className={classes.value} title={text.slice(0, MOST_TITLE)}>
                    {text}
                  </div>
                </td>
              </tr>
            );
          })}
          {entries.length > MOST_ROWS && (
            <tr>
              <td colSpan={2} className="dim">
                {t("folder.moreValues", { n: entries.length - MOST_ROWS })}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
