// A page that was logged, shut off: no origin, no cookies, no network; neither this frame nor the server lets it be more.
import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { renderedUrl } from "@/api/files";
import type { FileProps } from "./file-preview";
import classes from "./files.module.css";
import { TextPreview } from "./text-preview";

interface Props extends FileProps {
  line: number | undefined;
  onLine: (line: number | undefined) => void;
}

export function HtmlFrame(props: Props) {
  const { t } = useTranslation();
  const [isRaw, setRaw] = useState(false);
  return (
    <Stack gap="xs">
      <SegmentedControl
        size="xs"
        style={{ alignSelf: "flex-start" }}
        aria-label={t("file.view")}
        value={isRaw ? "raw" : "shown"}
        onChange={(value) => setRaw(value === "raw")}
        data={[
          { value: "shown", label: t("file.shown") },
          { value: "raw", label: t("file.raw") },
        ]}
      />
      {isRaw ? (
        <TextPreview {...props} kind="html" />
      ) : (
        <>
          <Text size="sm" className="dim">
            {t("file.isolated")}
          </Text>
          <iframe
            className={classes.page}
            title={props.fileKey}
            src={renderedUrl(props.trackId, props.fileKey)}
            sandbox="allow-scripts"
            referrerPolicy="no-referrer"
          />
        </>
      )}
    </Stack>
  );
}
