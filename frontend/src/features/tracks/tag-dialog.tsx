// Adds tags to the chosen tracks, or takes them off.
import { Button, Group, Modal, SegmentedControl, Stack, TagsInput, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { findTracks, type TrackRow } from "@/api/listing";
import { updateTrack } from "@/api/tracks";
import { errorText } from "@/components/error-panel";

interface Props {
  project: string;
  trackIds: readonly string[];
  known: ReadonlyMap<string, TrackRow>;
  tags: readonly string[];
  isOpen: boolean;
  onClose: () => void;
}

const AT_ONCE = 6;

export function TagDialog({ project, trackIds, known, tags, isOpen, onClose }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [chosen, setChosen] = useState<string[]>([]);
  const [words, setWords] = useState("");
  const [action, setAction] = useState<"add" | "remove">("add");
  const apply = useMutation({
    mutationFn: () => change(project, trackIds, known, chosen, action),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["tracks", project] }),
    onSuccess: () => {
      setChosen([]);
      onClose();
    },
  });
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("tag.title", { count: trackIds.length })}>
      <Stack>
        <SegmentedControl
          value={action}
          onChange={(value) => setAction(value as "add" | "remove")}
          aria-label={t("tag.action")}
          data={[
            { value: "add", label: t("tag.add") },
            { value: "remove", label: t("tag.remove") },
          ]}
        />
        <TagsInput
          data-autofocus
          label={t("tracks.tags")}
          data={[...tags]}
          value={chosen}
          onChange={setChosen}
          searchValue={words}
          onSearchChange={setWords}
          // Only while one writes: an open list would cover OK.
          dropdownOpened={words.trim() !== ""}
          maxTags={20}
        />
        {apply.isError && (
          <Text size="sm" c="var(--danger)" role="alert">
            {errorText(apply.error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button loading={apply.isPending} disabled={chosen.length === 0} onClick={() => apply.mutate()}>
            {t("app.ok")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

async function change(
  project: string,
  trackIds: readonly string[],
  known: ReadonlyMap<string, TrackRow>,
  tags: readonly string[],
  action: "add" | "remove",
) {
  const waiting = [...trackIds];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const found = known.get(id) ?? (await findTracks(project, `id:${id}`, 1)).items[0];
      if (!found) continue;
      const rest = found.tags.filter((tag) => !tags.includes(tag));
      await updateTrack(id, { tags: action === "add" ? [...rest, ...tags] : rest });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
