// Which tracks are chosen: by their ids, so that neither sorting nor new tracks change it. With Shift from the last one
// to this one, also over rows that were never loaded.
import { notifications } from "@mantine/notifications";
import { useCallback, useEffect, useRef, useState } from "react";
import { listTrackIds, type TableQuestion, type TrackRow } from "@/api/listing";
import { errorText } from "@/components/error-panel";

const fail = (error: unknown) => notifications.show({ message: errorText(error), color: "red.8" });
const NOTHING: ReadonlySet<string> = new Set();

export function useSelection(project: string, question: TableQuestion) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(NOTHING);
  // What is known of the chosen ones that are not in view any more: their names, for dialogs.
  const known = useRef(new Map<string, TrackRow>());
  const anchor = useRef<number | null>(null);
  const now = useRef({ project, question });
  now.current = { project, question };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another project has other tracks.
  useEffect(() => {
    setSelected(NOTHING);
    anchor.current = null;
  }, [project]);

  const toggle = useCallback((track: TrackRow, place: number, isRange: boolean) => {
    known.current.set(track.track_id, track);
    const from = anchor.current;
    if (isRange && from !== null && from !== place) {
      const low = Math.min(from, place);
      const n = Math.abs(from - place) + 1;
      listTrackIds(now.current.project, now.current.question, low, Math.min(10_000, n))
        .then((found) => setSelected((before) => new Set([...before, ...found.track_ids])))
        .catch(fail);
      return;
    }
    anchor.current = place;
    setSelected((before) => {
      const next = new Set(before);
      if (!next.delete(track.track_id)) next.add(track.track_id);
      return next;
    });
  }, []);
  const selectAll = useCallback(() => {
    listTrackIds(now.current.project, now.current.question)
      .then((found) => setSelected(new Set(found.track_ids)))
      .catch(fail);
  }, []);
  const clear = useCallback(() => setSelected(NOTHING), []);
  return { selected, setSelected, toggle, selectAll, clear, known: known.current };
}
