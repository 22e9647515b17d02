// Name, tags and notes of a track.
import { Button, Group, Modal, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { trackQuery, updateTrack } from "@/api/tracks";
import type { Track } from "@/api/types";
import { errorText } from "@/components/error-panel";

interface Props {
  track: Track;
  isOpen: boolean;
  onClose: () => void;
}

export function EditTrackDialog({ track, isOpen, onClose }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState(track.name);
  const [tags, setTags] = useState(track.tags);
  const [notes, setNotes] = useState(track.notes ?? "");
  // Taken over when the dialog opens; a reload in the background must not undo what is being typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only opening counts.
  useEffect(() => {
    if (!isOpen) return;
    setName(track.name);
    setTags(track.tags);
    setNotes(track.notes ?? "");
  }, [isOpen]);
  const save = useMutation({
    mutationFn: () => updateTrack(track.track_id, { name: name.trim(), tags, notes }),
    onSuccess: (saved) => {
      queryClient.setQueryData(trackQuery(track.track_id).queryKey, saved);
      void queryClient.invalidateQueries({ queryKey: ["tracks"] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("track.rename")}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t("tracks.name")}
            required
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TagsInput
            label={t("tracks.tags")}
            placeholder={t("track.addTag")}
            value={tags}
            onChange={setTags}
          />
          <Textarea
            label={t("track.notes")}
            autosize
            minRows={3}
            value={notes}
            onChange={(event) => setNotes(event.currentTarget.value)}
          />
          {save.isError && (
            <Text c="var(--danger)" size="sm" role="alert">
              {errorText(save.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("app.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
