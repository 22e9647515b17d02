// What can be done with the chosen tracks. It stands where the eye is, and says how many they are.
import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChartDots3, IconPlayerStop, IconTag, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/client";
import { stopJob } from "@/api/jobs";
import type { TrackRow } from "@/api/listing";
import { errorText } from "@/components/error-panel";
import classes from "./selection-bar.module.css";

interface Props {
  trackIds: readonly string[];
  named: readonly TrackRow[];
  total: number;
  canWrite: boolean;
  tensorboard: string;
  tensorboardHint: string | undefined;
  onSelectAll: () => void;
  onClear: () => void;
  onCompare: () => void;
  onTag: () => void;
  onDelete: () => void;
}

export function SelectionBar(props: Props) {
  const { trackIds, named, total, canWrite } = props;
  const { t } = useTranslation();
  const running = named.filter((track) => track.status === "running" || track.status === "created");
  return (
    <section className={classes.bar} aria-label={t("tracks.selection")}>
      <Text size="sm" fw={600} className="num" aria-live="polite">
        {t("tracks.selected", { count: trackIds.length })}
      </Text>
      {total > trackIds.length && (
        <Button size="xs" variant="subtle" onClick={props.onSelectAll}>
          {t("tracks.selectMatching", { count: total })}
        </Button>
      )}
      <Button size="xs" variant="subtle" onClick={props.onClear}>
        {t("tracks.clearSelection")}
      </Button>
      <span style={{ flex: 1 }} />
      <Group gap={6}>
        <Button size="xs" leftSection={<IconChartDots3 size={16} />} onClick={props.onCompare}>
          {t("tracks.compare")}
        </Button>
        <Button
          size="xs"
          variant="default"
          component="a"
          href={props.tensorboard}
          target="_blank"
          rel="noopener"
          title={props.tensorboardHint}
        >
          {t("tensorboard.open")}
        </Button>
        {canWrite && (
          <>
            <Button size="xs" variant="default" leftSection={<IconTag size={16} />} onClick={props.onTag}>
              {t("tracks.tag")}
            </Button>
            {running.length > 0 && (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconPlayerStop size={16} />}
                onClick={() => void stopEach(running, t("tracks.stopAsked", { count: running.length }))}
              >
                {t("tracks.stop")}
              </Button>
            )}
            <Button size="xs" color="red.8" leftSection={<IconTrash size={16} />} onClick={props.onDelete}>
              {t("app.delete")}
            </Button>
          </>
        )}
      </Group>
    </section>
  );
}

/** Only what Track itself has started can be stopped; each that cannot says why. */
async function stopEach(tracks: readonly TrackRow[], asked: string) {
  let nAsked = 0;
  for (const track of tracks) {
    try {
      await stopJob(track.track_id);
      nAsked += 1;
    } catch (error) {
      const reason = error instanceof ApiError ? error.message : errorText(error);
      notifications.show({ message: `${track.name}: ${reason}`, color: "red.8" });
    }
  }
  if (nAsked > 0) notifications.show({ message: asked });
}
