// The actions of a pipeline in their order: moved by dragging, by buttons, or by Alt and the arrow keys.
import { Button, Menu, VisuallyHidden } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Action } from "@/api/pipelines";
import { ActionEditor } from "./action-editor";
import { emptyAction, type KeyedAction, KIND_ICONS, KINDS, move } from "./actions";
import classes from "./pipelines.module.css";

interface Props {
  actions: readonly KeyedAction[];
  onChange: (actions: readonly KeyedAction[]) => void;
}

export function ActionListEditor({ actions, onChange }: Props) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState("");

  const moveTo = (from: number, to: number) => {
    if (to < 0 || to >= actions.length || from === to) return;
    onChange(move(actions, from, to));
    setSaid(t("action.moved", { from: from + 1, to: to + 1, n: actions.length }));
    // The focus goes where the action went; its key stays, so its element does too.
    requestAnimationFrame(() =>
      list.current?.children[to]?.querySelector<HTMLElement>("[data-handle]")?.focus(),
    );
  };
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || by === undefined) return;
    event.preventDefault();
    moveTo(index, index + by);
  };
  const add = (kind: Action["kind"]) =>
    onChange([
      ...actions,
      { key: Math.max(0, ...actions.map((one) => one.key)) + 1, action: emptyAction(kind) },
    ]);
  return (
    <div>
      <ol className={classes.editors} ref={list}>
        {actions.map(({ key, action }, index) => (
          <li
            key={key}
            data-dragged={dragged === index || undefined}
            onKeyDown={(event) => onKeyDown(event, index)}
            onDragOver={(event) => {
              if (dragged === null) return;
              event.preventDefault();
              if (dragged !== index) {
                onChange(move(actions, dragged, index));
                setDragged(index);
              }
            }}
            onDrop={(event) => event.preventDefault()}
          >
            <ActionEditor
              action={action}
              position={index + 1}
              isFirst={index === 0}
              isLast={index === actions.length - 1}
              onChange={(changed) =>
                onChange(actions.map((one) => (one.key === key ? { key, action: changed } : one)))
              }
              onMove={(by) => moveTo(index, index + by)}
              onDrag={(isOn) => setDragged(isOn ? index : null)}
              onRemove={() => onChange(actions.filter((one) => one.key !== key))}
            />
          </li>
        ))}
      </ol>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" leftSection={<IconPlus size={16} />}>
            {t("action.add")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {KINDS.map((kind) => {
            const Icon = KIND_ICONS[kind];
            return (
              <Menu.Item key={kind} leftSection={<Icon size={16} />} onClick={() => add(kind)}>
                {t(`action.kind.${kind}`)}
              </Menu.Item>
            );
          })}
        </Menu.Dropdown>
      </Menu>
      <VisuallyHidden role="status" aria-live="polite">
        {said}
      </VisuallyHidden>
    </div>
  );
}
