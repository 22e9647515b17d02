// Goes through the files of a series: those beside this one whose names are steps.
import { ActionIcon, Group, Slider, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { leavesQuery } from "@/api/folders";
import { parentOf } from "@/lib/tree";
import { type StepFile, stepFiles } from "./file-series";

interface Props {
  trackId: string;
  fileKey: string;
  onOpen: (key: string, isStep?: boolean) => void;
}

const MOST_STEPS = 1000;

export function useStepFiles(trackId: string, fileKey: string): StepFile[] {
  const leaves = useQuery(leavesQuery(trackId, { path: parentOf(fileKey), kind: "file", limit: MOST_STEPS }));
  return stepFiles(leaves.data?.entries ?? [], fileKey);
}

export function StepSlider({ trackId, fileKey, onOpen }: Props) {
  const { t } = useTranslation();
  const files = useStepFiles(trackId, fileKey);
  const now = files.findIndex((file) => file.key === fileKey);
  const [at, setAt] = useState(now);
  useEffect(() => setAt(now), [now]);
  if (files.length < 2 || now < 0) return null;
  const go = (index: number) => {
    const file = files[index];
    if (file) onOpen(file.key, true);
  };
  const label = t("file.step", { step: files[Math.max(0, at)]?.label ?? "" });
  return (
    <Group gap="sm" wrap="nowrap" mb="sm">
      <ActionIcon aria-label={t("file.previousStep")} disabled={now <= 0} onClick={() => go(now - 1)}>
        <IconChevronLeft size={18} />
      </ActionIcon>
      <Slider
        style={{ flex: 1, maxWidth: 520 }}
        min={0}
        max={files.length - 1}
        label={null}
        thumbLabel={label}
        thumbProps={{ "aria-valuetext": label }}
        value={Math.max(0, at)}
        onChange={(index) => {
          setAt(index);
          go(index);
        }}
      />
      <ActionIcon
        aria-label={t("file.nextStep")}
        disabled={now >= files.length - 1}
        onClick={() => go(now + 1)}
      >
        <IconChevronRight size={18} />
      </ActionIcon>
      <Text size="sm" className="num">
        {label} <span className="dim">{t("file.stepOf", { n: at + 1, of: files.length })}</span>
      </Text>
    </Group>
  );
}
