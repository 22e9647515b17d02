// A console stream, and the way to its neighbours.
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
  onLine: (line: number | undefined) => void;
  onOpen: (key: string) => void;
}

const MOST_STREAMS = 8;

export function ConsoleStreams({ trackId, streamKey, line, onLine, onOpen }: Props) {
  const { t } = useTranslation();
  const folder = parentOf(streamKey);
  const streams = useQuery(leavesQuery(trackId, { path: folder, kind: "console", limit: MOST_STREAMS }));
  const keys = (streams.data?.entries ?? []).map((entry) => entry.key);
  const nameOf = (key: string) => key.slice(folder.length + 1);
  return (
    <>
      {keys.length > 1 && (
        <SegmentedControl
          size="xs"
          style={{ alignSelf: "flex-start", flex: "none" }}
          aria-label={t("console.stream")}
          value={streamKey}
          onChange={onOpen}
          data={keys.map((key) => ({ value: key, label: nameOf(key) }))}
        />
      )}
      <Suspense fallback={<RowSkeleton rows={12} height={14} />}>
        <ConsoleView
          key={streamKey}
          trackId={trackId}
          stream={nameOf(streamKey)}
          line={line}
          onLine={onLine}
        />
      </Suspense>
    </>
  );
}
