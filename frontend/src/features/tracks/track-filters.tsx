// Search, status and tag of the tracks table.
import { Group, Pill, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { TrackStatus } from "@/api/types";
import type { TracksSearch } from "@/lib/url-state";

const STATUSES: readonly TrackStatus[] = ["running", "finished", "failed", "stopped", "created"];

interface Props {
  search: TracksSearch;
  onChange: (change: Partial<TracksSearch>) => void;
}

export function TrackFilters({ search, onChange }: Props) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(search.q ?? "");
  const apply = useDebouncedCallback((q: string) => onChange({ q: q || undefined }), 250);
  return (
    <Group gap="sm" style={{ flex: "1 1 320px" }}>
      <TextInput
        aria-label={t("tracks.search")}
        placeholder={t("tracks.search")}
        leftSection={<IconSearch size={16} />}
        style={{ flex: "1 1 160px", maxWidth: 300 }}
        value={draft}
        onChange={(event) => {
          setDraft(event.currentTarget.value);
          apply(event.currentTarget.value);
        }}
      />
      <Select
        aria-label={t("tracks.status")}
        placeholder={t("tracks.anyStatus")}
        clearable
        w={150}
        value={search.status ?? null}
        data={STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))}
        onChange={(value) => onChange({ status: (value as TrackStatus | null) ?? undefined })}
      />
      {search.tag && (
        <Pill withRemoveButton onRemove={() => onChange({ tag: undefined })} size="md">
          {t("tracks.tagFilter", { tag: search.tag })}
        </Pill>
      )}
    </Group>
  );
}
