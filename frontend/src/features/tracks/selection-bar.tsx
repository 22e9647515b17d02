// What can be done with the chosen tracks. It stands where the eye is, and says how many they are.
import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChartDots3, IconPlayerStop, IconTag, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { stopJobs } from "@/api/jobs";
import type { TrackRow } from "@/api/listing";
import { errorText } from "@/components/error-panel";
import classes from "./selection-bar.module.css";

const SHOWN = 3;
const REFUSED: Partial<
  Record<string, "tracks.stopRefused.job_not_found" | "tracks.stopRefused.missing_right">
> = {
  job_not_found: "tracks.stopRefused.job_not_found",
  missing_right: "tracks.stopRefused.missing_right",
};

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
  const stop = useStop(named);
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
                loading={stop.isPending}
                onClick={() => stop.mutate(running.map((track) => track.track_id))}
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
function useStop(named: readonly TrackRow[]) {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: stopJobs,
    onSuccess: ({ items }) => {
      // Those that have just ended by themselves were asked in vain.
      const count = items.filter(({ state }) => state === "stopping" || state === "stopped").length;
      if (count > 0) notifications.show({ message: t("tracks.stopAsked", { count }) });
      const names = new Map(named.map((track) => [track.track_id, track.name]));
      for (const problem of new Set(items.map((item) => item.problem).filter(Boolean))) {
        const refused = items
          .filter((item) => item.problem === problem)
          .map((item) => names.get(item.track_id));
        const shown = refused.slice(0, SHOWN).join(", ");
        const who =
          refused.length > SHOWN
            ? t("tracks.andMore", { names: shown, count: refused.length - SHOWN })
            : shown;
        const why = t(REFUSED[problem] ?? "tracks.stopRefused.gone");
        notifications.show({ message: t("tracks.stopRefused", { who, why }), color: "red.8" });
      }
    },
    onError: (error) => notifications.show({ message: errorText(error), color: "red.8" }),
  });
}
