// A console stream, and the way to its neighbours; or what went to stdout and stderr as one.
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { leavesQuery } from "@/api/folders";
import { RowSkeleton } from "@/components/row-skeleton";
import { parentOf } from "@/lib/tree";

const ConsoleView = lazy(async () => ({
  default: (await import("@/features/console/console-view")).ConsoleView,
}));

interface Props {
  trackId: string;
  streamKey: string;
  line: number | undefined;
  isBoth: boolean;
  onLine: (line: number | undefined) => void;
  onBoth: (isOn: boolean) => void;
  onOpen: (key: string) => void;
}

const MOST_STREAMS = 8;
const AS_ONE = ["stdout", "stderr"] as const;
// No key ends with a slash.
const BOTH = "/";

export function ConsoleStreams({ trackId, streamKey, line, isBoth, onLine, onBoth, onOpen }: Props) {
  const { t } = useTranslation();
  const folder = parentOf(streamKey);
  const streams = useQuery(leavesQuery(trackId, { path: folder, kind: "console", limit: MOST_STREAMS }));
  const keys = (streams.data?.entries ?? []).map((entry) => entry.key);
  const nameOf = (key: string) => key.slice(folder.length + 1);
  const hasBoth = AS_ONE.every((name) => keys.includes(`${folder}/${name}`));
  const stream = isBoth ? AS_ONE.join("+") : nameOf(streamKey);
  const choose = (value: string) => {
    if (value === BOTH) onBoth(true);
    else if (value === streamKey) onBoth(false);
    else onOpen(value);
  };
  return (
    <>
      {keys.length > 1 && (
        <SegmentedControl
          size="xs"
          style={{ alignSelf: "flex-start", flex: "none" }}
          aria-label={t("console.stream")}
          value={isBoth ? BOTH : streamKey}
          onChange={choose}
          data={[
            ...keys.map((key) => ({ value: key, label: nameOf(key) })),
            ...(hasBoth ? [{ value: BOTH, label: t("console.both") }] : []),
          ]}
        />
      )}
      <Suspense fallback={<RowSkeleton rows={12} height={14} />}>
        <ConsoleView key={stream} trackId={trackId} stream={stream} line={line} onLine={onLine} />
      </Suspense>
    </>
  );
}
