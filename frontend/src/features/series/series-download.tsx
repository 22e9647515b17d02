// All points of a series as a file, in the form one picks.
import { ActionIcon, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { exportUrl } from "@/api/series";

// The names of file formats are the same in every language.
const FORMS = [
  ["csv", "CSV"],
  ["text", "Text"],
  ["parquet", "Parquet"],
  ["arrow", "Arrow"],
] as const;

export function SeriesDownload({ trackId, seriesKey }: { trackId: string; seriesKey: string }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("series.download")}>
          <IconDownload size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("series.download")}</Menu.Label>
        {FORMS.map(([form, name]) => (
          <Menu.Item key={form} component="a" href={exportUrl(trackId, seriesKey, form)} download>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
