// All points of a series as a file, in the form one picks; and the picture that is shown.
import { ActionIcon, Menu, Tooltip, useComputedColorScheme } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import type uPlot from "uplot";
import { exportUrl } from "@/api/series";
import { plotColours } from "./plot-colours";

// The names of file formats are the same in every language.
const FORMS = [
  ["csv", "CSV"],
  ["text", "Text"],
  ["parquet", "Parquet"],
  ["arrow", "Arrow"],
] as const;

interface Props {
  trackId: string;
  seriesKey: string;
  plot: RefObject<() => uPlot | null> | null;
}

function save(blob: Blob, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function SeriesDownload({ trackId, seriesKey, plot }: Props) {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const name = seriesKey.replaceAll("/", "-");
  const picture = async (form: "png" | "svg") => {
    const shown = plot?.current();
    if (!shown) return;
    const { plotPng, plotSvg } = await import("./plot-picture");
    const colours = plotColours(scheme);
    const made =
      form === "png" ? await plotPng(shown, seriesKey, colours) : plotSvg(shown, seriesKey, colours);
    if (made) save(made, `${name}.${form}`);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={t("app.download")}>
          <ActionIcon aria-label={t("app.download")}>
            <IconDownload size={18} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {plot && (
          <>
            <Menu.Label>{t("series.picture")}</Menu.Label>
            <Menu.Item onClick={() => void picture("png")}>PNG</Menu.Item>
            <Menu.Item onClick={() => void picture("svg")}>SVG</Menu.Item>
          </>
        )}
        <Menu.Label>{t("series.download")}</Menu.Label>
        {FORMS.map(([form, label]) => (
          <Menu.Item key={form} component="a" href={exportUrl(trackId, seriesKey, form)} download>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
