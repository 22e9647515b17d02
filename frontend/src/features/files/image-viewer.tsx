// A picture: fitted or by its pixels, zoomed, on a checkerboard; with its series by a step slider.
import { Group, SegmentedControl, Switch, Text } from "@mantine/core";
import { type KeyboardEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { fileUrl } from "@/api/files";
import { EmptyState } from "@/components/empty-state";
import type { FileProps } from "./file-preview";
import classes from "./files.module.css";
import { StepSlider, useStepFiles } from "./step-slider";

interface Props extends FileProps {
  onOpen: (key: string, isStep?: boolean) => void;
}

const ZOOMS = ["fit", "1", "2", "4", "8"] as const;
// Smaller pictures are usually samples of a data set, of which one wants to see each pixel.
const SMALL_PX = 256;

/** A file that was uploaded anew under its key has another address: the picture on the page changes. */
const imageUrl = (trackId: string, key: string, version: string | null) =>
  `${fileUrl(trackId, key)}?v=${version?.slice(0, 12) ?? ""}`;

export function ImageViewer({ trackId, fileKey, leaf, onOpen }: Props) {
  const { t } = useTranslation();
  const [zoom, setZoom] = useState<(typeof ZOOMS)[number]>("fit");
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [isSharp, setSharp] = useState<boolean | null>(null);
  const [isBroken, setBroken] = useState<string | null>(null);
  const files = useStepFiles(trackId, fileKey);
  const at = files.findIndex((file) => file.key === fileKey);
  // The neighbours are fetched before they are asked for.
  const near = [files[at - 1], files[at + 1]].flatMap((file) =>
    file ? [imageUrl(trackId, file.key, file.version)] : [],
  );
  const wanted = near.join(" ");
  useEffect(() => {
    for (const url of wanted.split(" ").filter(Boolean)) new Image().src = url;
  }, [wanted]);
  const isSmall = size !== null && Math.max(size.width, size.height) <= SMALL_PX;
  const sharp = isSharp ?? isSmall;
  const onKeyDown = (event: KeyboardEvent) => {
    const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    const next = files[at + way];
    if (way === 0 || at < 0 || !next) return;
    event.preventDefault();
    onOpen(next.key, true);
  };
  const width =
    size &&
    (zoom === "fit" ? (isSmall ? Math.min(512, size.width * 4) : undefined) : size.width * Number(zoom));
  return (
    <div>
      <StepSlider trackId={trackId} fileKey={fileKey} onOpen={onOpen} />
      <Group gap="md" mb="sm">
        <SegmentedControl
          size="xs"
          aria-label={t("file.zoom")}
          value={zoom}
          onChange={(value) => setZoom(value as (typeof ZOOMS)[number])}
          data={ZOOMS.map((value) => ({
            value,
            label: value === "fit" ? t("file.fit") : `${Number(value) * 100} %`,
          }))}
        />
        <Switch
          label={t("file.pixelated")}
          checked={sharp}
          onChange={(event) => setSharp(event.currentTarget.checked)}
        />
        {size && (
          <Text size="sm" className="dim num">
            {size.width} × {size.height}
          </Text>
        )}
      </Group>
      {isBroken === fileKey ? (
        <EmptyState title={t("file.badImage")} text={t("file.badImageText")} />
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset would be for a form.
        <div
          role="group"
          aria-label={t("file.content")}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go through the series, and a large picture scrolls.
          tabIndex={0}
          className={classes.checker}
          onKeyDown={onKeyDown}
        >
          <img
            src={imageUrl(trackId, fileKey, leaf.sha256)}
            alt={fileKey}
            width={width ?? undefined}
            className={zoom === "fit" ? classes.fit : classes.whole}
            style={sharp ? { imageRendering: "pixelated" } : undefined}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setSize({ width: naturalWidth, height: naturalHeight })
            }
            onError={() => setBroken(fileKey)}
          />
        </div>
      )}
    </div>
  );
}
