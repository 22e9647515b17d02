// Config values as keys and values.
import { useTranslation } from "react-i18next";
import type { Entry } from "@/api/types";
import { formatValue } from "@/lib/format";

interface Props {
  entries: readonly Entry[];
  labelOf: (entry: Entry) => string;
  onOpen: (key: string) => void;
}

const MOST_ROWS = 300;

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
          {entries.slice(0, MOST_ROWS).map((entry) => (
            <tr key={entry.key}>
              <td>
                <button type="button" className="sort" onClick={() => onOpen(entry.key)}>
                  {labelOf(entry)}
                </button>
              </td>
              <td className="mono cut" style={{ maxWidth: 480 }}>
                {formatValue(entry.leaf?.value)}
              </td>
            </tr>
          ))}
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
