// Ctrl+K: one field that leads to projects, tracks and whatever else has an address.
import { Kbd, Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { leavesQuery } from "@/api/folders";
import { findTracks } from "@/api/listing";
import { projectsQuery } from "@/api/projects";
import classes from "./palette.module.css";

export interface PaletteAction {
  id: string;
  label: string;
  hint?: string;
  run: () => void;
}

interface Props {
  isOpen: boolean;
  onClose: () => void;
  /** Where one is: the tracks of this project are searched too. */
  project: string | undefined;
  /** The track one is at: its keys are searched too. */
  trackId: string | undefined;
  actions: readonly PaletteAction[];
  onProject: (name: string) => void;
  onTrack: (trackId: string) => void;
  onLeaf: (key: string) => void;
}

interface Item {
  id: string;
  group: string;
  label: string;
  hint: string;
  run: () => void;
}

const MOST = 8;

export function Palette({ isOpen, onClose, project, trackId, actions, onProject, onTrack, onLeaf }: Props) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState("");
  const [asked] = useDebouncedValue(wanted.trim(), 150);
  const [active, setActive] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const projects = useQuery({ ...projectsQuery(asked), enabled: isOpen });
  const tracks = useQuery({
    queryKey: ["palette", project, asked],
    queryFn: ({ signal }) => findTracks(project ?? "", words(asked), MOST, signal),
    enabled: isOpen && project !== undefined,
  });
  const leaves = useQuery({
    ...leavesQuery(trackId ?? "", { q: asked, limit: MOST }),
    enabled: isOpen && trackId !== undefined && asked !== "",
  });
  const items = useMemo<Item[]>(() => {
    const has = (text: string) => text.toLowerCase().includes(wanted.trim().toLowerCase());
    const item = (group: string, id: string, label: string, hint: string, run: () => void): Item => ({
      id: `${group}-${id}`,
      group,
      label,
      hint,
      run,
    });
    return [
      ...(wanted.trim() && trackId ? (leaves.data?.entries ?? []) : []).map((leaf) =>
        item(t("palette.leaves"), leaf.key, leaf.key, leaf.leaf?.kind ?? "", () => onLeaf(leaf.key)),
      ),
      ...(tracks.data?.items ?? []).map((track) =>
        item(t("palette.tracks"), track.track_id, track.name, t(`status.${track.status}`), () =>
          onTrack(track.track_id),
        ),
      ),
      ...(projects.data?.items ?? [])
        .slice(0, MOST)
        .map((one) =>
          item(
            t("app.projects"),
            one.project_id,
            one.name,
            t("projects.tracks", { count: one.n_tracks }),
            () => onProject(one.name),
          ),
        ),
      ...actions
        .filter((action) => has(action.label))
        .map((action) => item(t("palette.actions"), action.id, action.label, action.hint ?? "", action.run)),
    ];
  }, [wanted, trackId, leaves.data, tracks.data, projects.data, actions, t, onLeaf, onTrack, onProject]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins at its top.
  useEffect(() => setActive(0), [wanted]);
  useEffect(() => {
    if (!isOpen) setWanted("");
  }, [isOpen]);
  const at = Math.min(active, Math.max(0, items.length - 1));
  useEffect(() => {
    list.current?.querySelector(`[data-at="${at}"]`)?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const choose = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    item.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setActive((at + 1) % Math.max(1, items.length));
    else if (event.key === "ArrowUp") setActive((at - 1 + items.length) % Math.max(1, items.length));
    else if (event.key === "Enter") choose(items[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal.Root opened={isOpen} onClose={onClose} size="lg" yOffset="12vh" centered={false}>
      <Modal.Overlay />
      <Modal.Content aria-label={t("palette.title")}>
        <Modal.Body p={0}>
          <TextInput
            data-autofocus
            size="md"
            variant="unstyled"
            className={classes.input}
            role="combobox"
            aria-expanded
            aria-controls={listId}
            aria-activedescendant={items[at] ? `${listId}-${at}` : undefined}
            aria-label={t("palette.title")}
            placeholder={t("palette.placeholder")}
            leftSection={<IconSearch size={18} />}
            rightSection={<Kbd size="xs">Esc</Kbd>}
            rightSectionWidth={52}
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          <div ref={list} id={listId} role="listbox" aria-label={t("palette.title")} className={classes.list}>
            {items.length === 0 && <div className={classes.none}>{t("palette.none")}</div>}
            {items.map((item, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's, which keeps the focus.
              <div
                key={item.id}
                id={`${listId}-${index}`}
                data-at={index}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                className={classes.item}
                onPointerMove={() => setActive(index)}
                onClick={() => choose(item)}
              >
                <span className={classes.group}>
                  {items[index - 1]?.group === item.group ? "" : item.group}
                </span>
                <span className="cut">{item.label}</span>
                <span className={classes.hint}>{item.hint}</span>
              </div>
            ))}
          </div>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** What is typed here are words, whatever they would mean as a query. */
const words = (text: string) =>
  text
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => `"${word.replace(/["\\]/g, "\\$&")}"`)
    .join(" ");
