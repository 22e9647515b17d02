// The bar of the track page: SWITCH TO TENSORBOARD, name, status, tags, what stops it, reload, share.
import { ActionIcon, Badge, Button, Group, Tooltip, useComputedColorScheme } from "@mantine/core";
import { useClipboard, useDisclosure, useInterval } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconExternalLink, IconPencil, IconReload, IconShare } from "@tabler/icons-react";
import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useReducer } from "react";
import { useTranslation } from "react-i18next";
import type { Track } from "@/api/types";
import { StatusLabel } from "@/components/status-label";
import { tensorboardAddress } from "@/features/tensorboard/address";
import { formatAgo, formatDuration, trackSeconds } from "@/lib/format";
import { EditTrackDialog } from "./dialogs";
import classes from "./track-bar.module.css";

interface Props {
  track: Track;
  mayEdit: boolean;
  isTensorboard: boolean;
  onSwitch: () => void;
  onRest: (isOver: boolean) => void;
  /** What can be done with the track's job. */
  children?: ReactNode;
}

export function TrackBar({ track, mayEdit, isTensorboard, onSwitch, onRest, children }: Props) {
  const { t, i18n } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const clipboard = useClipboard();
  const [isEditing, { open, close }] = useDisclosure(false);
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
      {mayEdit && (
        <Tooltip label={t("track.rename")}>
          <ActionIcon onClick={open} aria-label={t("track.rename")} className={classes.second}>
            <IconPencil size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      <span className={classes.second}>
        <StatusLabel track={track} />
      </span>
      {track.status === "running" && !track.has_signal && (
        <span className={`${classes.silent} phone-hidden`}>
          {t("track.silentSince", { when: formatAgo(track.last_seen_at, i18n.language) })}
        </span>
      )}
      <Duration track={track} />
      <Group gap={4} className={`phone-hidden ${classes.tags}`} wrap="nowrap">
        {track.tags.map((tag) => (
          <Badge key={tag}>{tag}</Badge>
        ))}
      </Group>
      <span className={classes.space} />
      {children}
      <ReloadButton />
      <Tooltip label={t("track.share")}>
        <ActionIcon onClick={share} aria-label={t("track.share")}>
          <IconShare size={18} />
        </ActionIcon>
      </Tooltip>
      <EditTrackDialog track={track} isOpen={isEditing} onClose={close} />
    </div>
  );
}

const TICK_MS = 1000;

/** How long it has run; goes on by itself while it runs. */
function Duration({ track }: { track: Track }) {
  const end = track.ended_at ?? (track.has_signal ? null : track.last_seen_at);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useInterval(tick, TICK_MS, { autoInvoke: end === null && track.status === "running" });
  const seconds = trackSeconds(track.started_at ?? track.created_at, end);
  return (
    <span className={`dim num phone-hidden ${classes.duration}`}>
      {formatDuration(end === null ? Math.floor(seconds) : seconds)}
    </span>
  );
}

function ReloadButton() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const isBusy = useIsFetching() > 0;
  return (
    <Tooltip label={t("track.reload")}>
      <ActionIcon
        onClick={() => void queryClient.invalidateQueries()}
        aria-label={t("track.reload")}
        data-busy={isBusy || undefined}
        className={classes.reload}
      >
        <IconReload size={18} />
      </ActionIcon>
    </Tooltip>
  );
}
