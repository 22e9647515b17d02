// The field that finds another series of the track, for the chart.
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { leavesQuery } from "@/api/folders";
import classes from "./series.module.css";

interface Props {
  trackId: string;
  chosen: readonly string[];
  onAdd: (key: string) => void;
  onClose: () => void;
}

const MOST = 50;

export function SeriesField({ trackId, chosen, onAdd, onClose }: Props) {
  const { t } = useTranslation();
  const [words, setWords] = useState("");
  const [settled] = useDebouncedValue(words, 150);
  const found = useQuery(leavesQuery(trackId, { q: settled, kind: "series", limit: MOST }));
  const options = (found.data?.entries ?? [])
    .filter((entry) => entry.leaf?.type !== "str" && !chosen.includes(entry.key))
    .map((entry) => entry.key);
  return (
    <Select
      className={classes.picker}
      size="xs"
      aria-label={t("series.add")}
      placeholder={t("series.add")}
      leftSection={<IconPlus size={14} />}
      searchable
      value={null}
      searchValue={words}
      onSearchChange={setWords}
      // It was asked for by a press.
      autoFocus
      defaultDropdownOpened
      onBlur={onClose}
      // What was found holds the words already.
      filter={({ options: all }) => all}
      data={options}
      nothingFoundMessage={t("tree.noneMatch")}
      onChange={(key) => {
        if (key) onAdd(key);
        setWords("");
      }}
    />
  );
}
