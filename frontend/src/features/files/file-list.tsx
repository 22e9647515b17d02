// The files of a folder.
import { ActionIcon } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { fileUrl } from "@/api/files";
import type { Entry } from "@/api/types";
import { formatBytes, formatDate } from "@/lib/format";

interface Props {
  trackId: string;
  entries: readonly Entry[];
  labelOf: (entry: Entry) => string;
  onOpen: (key: string) => void;
}

export function FileList({ trackId, entries, labelOf, onOpen }: Props) {
  const { t, i18n } = useTranslation();
  return (
    <div className="card scroll-x">
      <table className="rows">
        <thead>
          <tr>
            <th>{t("folder.key")}</th>
            <th>{t("folder.size")}</th>
            <th className="phone-hidden">{t("folder.updated")}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.key}>
              <td>
                <button type="button" className="sort" onClick={() => onOpen(entry.key)}>
                  {labelOf(entry)}
                </button>
              </td>
              <td className="num">{formatBytes(entry.leaf?.size_bytes)}</td>
              <td className="phone-hidden dim">{formatDate(entry.leaf?.time, i18n.language)}</td>
              <td style={{ textAlign: "right" }}>
                <ActionIcon
                  component="a"
                  href={fileUrl(trackId, entry.key, true)}
                  download
                  aria-label={`${t("app.download")} ${entry.name}`}
                >
                  <IconDownload size={16} />
                </ActionIcon>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
