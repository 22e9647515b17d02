// The bar of the track page: SWITCH TO TENSORBOARD, name, status, tags, notes, share.
import { ActionIcon, Badge, Button, Group, Tooltip, useComputedColorScheme } from "@mantine/core";
import { useClipboard, useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconExternalLink, IconNotes, IconPencil, IconShare } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Track } from "@/api/types";
import { StatusLabel } from "@/components/status-label";
import { tensorboardAddress } from "@/features/tensorboard/address";
import { formatDuration, trackSeconds } from "@/lib/format";
import { EditTrackDialog } from "./edit-track-dialog";
import classes from "./track-bar.module.css";

interface Props {
  track: Track;
  isTensorboard: boolean;
  onSwitch: () => void;
  onRest: (isOver: boolean) => void;
}

export function TrackBar({ track, isTensorboard, onSwitch, onRest }: Props) {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const clipboard = useClipboard();
  const [isEditing, { open, close }] = useDisclosure(false);
  const end = track.ended_at ?? (track.has_signal ? null : track.last_seen_at);
  const share = () => {
    clipboard.copy(window.location.href);
    notifications.show({ message: t("track.linkCopied") });
  };
  return (
    <div className={classes.bar}>
      <Button
        variant="default"
        size="xs"
        onClick={onSwitch}
        onPointerEnter={() => onRest(true)}
        onPointerLeave={() => onRest(false)}
        onFocus={() => onRest(true)}
        onBlur={() => onRest(false)}
        className={classes.switch}
      >
        {isTensorboard ? t("track.toTrack") : t("track.toTensorboard")}
      </Button>
      <Tooltip label={t("tensorboard.newTab")}>
        <ActionIcon
          component="a"
          href={tensorboardAddress([track.track_id], scheme === "dark")}
          target="_blank"
          rel="noopener"
          aria-label={t("tensorboard.newTab")}
        >
          <IconExternalLink size={16} />
        </ActionIcon>
      </Tooltip>
      <h1 className={classes.name} title={track.name}>
        {track.name}
      </h1>
      <Tooltip label={t("track.rename")}>
        <ActionIcon onClick={open} aria-label={t("track.rename")}>
          <IconPencil size={16} />
        </ActionIcon>
      </Tooltip>
      <StatusLabel track={track} />
      <span className="dim num phone-hidden">
        {formatDuration(trackSeconds(track.started_at ?? track.created_at, end))}
      </span>
      <Group gap={4} className="phone-hidden" wrap="nowrap" style={{ overflow: "hidden" }}>
        {track.tags.map((tag) => (
          <Badge key={tag}>{tag}</Badge>
        ))}
      </Group>
      <span style={{ flex: 1 }} />
      <Tooltip label={track.notes || t("track.addNotes")} multiline maw={360}>
        <ActionIcon onClick={open} aria-label={track.notes ? t("track.notes") : t("track.addNotes")}>
          <IconNotes size={18} color={track.notes ? "var(--accent)" : undefined} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("track.share")}>
        <ActionIcon onClick={share} aria-label={t("track.share")}>
          <IconShare size={18} />
        </ActionIcon>
      </Tooltip>
      <EditTrackDialog track={track} isOpen={isEditing} onClose={close} />
    </div>
  );
}
