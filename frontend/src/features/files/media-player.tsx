// Sound and film by the browser's own player; it asks for the parts it needs.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { fileUrl } from "@/api/files";
import { EmptyState } from "@/components/empty-state";
import classes from "./files.module.css";

interface Props {
  trackId: string;
  fileKey: string;
  kind: "audio" | "video";
}

export function MediaPlayer({ trackId, fileKey, kind }: Props) {
  const { t } = useTranslation();
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <EmptyState title={t("file.cannotPlay")} text={t("file.cannotPlayText")} />;
  const common = {
    src: fileUrl(trackId, fileKey),
    controls: true,
    preload: "metadata",
    "aria-label": fileKey,
    onError: () => setBroken(true),
  } as const;
  return kind === "audio" ? (
    <audio {...common} className={classes.audio} />
  ) : (
    <video {...common} className={classes.video} />
  );
}
