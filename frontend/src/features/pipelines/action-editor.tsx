// One action while a pipeline is edited: what it does, where it stands.
import { ActionIcon, Group, Stack, TagsInput, TextInput, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconGripVertical, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Action } from "@/api/pipelines";
import { RepositoryFields } from "@/components/definition/code-fields";
import { CommandFields } from "@/components/definition/command-fields";
import { KIND_ICONS } from "./actions";
import classes from "./pipelines.module.css";

interface Props {
  action: Action;
  position: number;
  isFirst: boolean;
  isLast: boolean;
  onChange: (action: Action) => void;
  onMove: (by: 1 | -1) => void;
  onDrag: (isOn: boolean) => void;
  onRemove: () => void;
}

export function ActionEditor(props: Props) {
  const { action, position, onChange } = props;
  const { t } = useTranslation();
  const Icon = KIND_ICONS[action.kind];
  const title = t("action.title", { n: position, kind: t(`action.kind.${action.kind}`) });
  return (
    <section className={classes.editor} aria-label={title}>
      <Group gap={6} wrap="nowrap">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: dragging is the pointer's way; buttons and keys are beside it. */}
        <span
          className={classes.grip}
          draggable
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = "move";
            event.dataTransfer.setData("text/plain", String(position));
            props.onDrag(true);
          }}
          onDragEnd={() => props.onDrag(false)}
          title={t("action.drag")}
        >
          <IconGripVertical size={18} aria-hidden />
        </span>
        <span className={`num ${classes.position}`}>{position}</span>
        <Icon size={18} aria-hidden />
        <strong className="cut">{t(`action.kind.${action.kind}`)}</strong>
        <span style={{ flex: 1 }} />
        <Tooltip label={`${t("action.up")} (Alt+↑)`}>
          <ActionIcon
            size="lg"
            data-handle
            aria-disabled={props.isFirst}
            data-disabled={props.isFirst || undefined}
            aria-label={t("action.upOf", { n: position })}
            onClick={() => props.onMove(-1)}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={`${t("action.down")} (Alt+↓)`}>
          <ActionIcon
            size="lg"
            aria-disabled={props.isLast}
            data-disabled={props.isLast || undefined}
            aria-label={t("action.downOf", { n: position })}
            onClick={() => props.onMove(1)}
          >
            <IconArrowDown size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t("action.remove")}>
          <ActionIcon size="lg" aria-label={t("action.removeOf", { n: position })} onClick={props.onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        </Tooltip>
      </Group>
      <Stack gap="sm">
        <TextInput
          label={t("action.name")}
          placeholder={t("action.namePlaceholder")}
          maxLength={200}
          value={action.name}
          onChange={({ currentTarget }) => onChange({ ...action, name: currentTarget.value })}
        />
        {action.kind === "command" && (
          <CommandFields value={action} onChange={(part) => onChange({ ...action, ...part })} />
        )}
        {action.kind === "git" && (
          <RepositoryFields code={action} onChange={(part) => onChange({ ...action, ...part })} />
        )}
        {action.kind === "publish" && <PublishFields action={action} onChange={onChange} />}
      </Stack>
    </section>
  );
}

interface PublishProps {
  action: Extract<Action, { kind: "publish" }>;
  onChange: (action: Action) => void;
}

function PublishFields({ action, onChange }: PublishProps) {
  const { t } = useTranslation();
  return (
    <Group gap="sm" align="flex-start">
      <TagsInput
        label={t("action.patterns")}
        description={t("action.patternsHint")}
        placeholder={action.patterns.length === 0 ? "out/*" : undefined}
        required
        classNames={{ input: "mono" }}
        style={{ flex: "2 1 220px" }}
        value={action.patterns}
        onChange={(patterns) => onChange({ ...action, patterns })}
      />
      <TextInput
        label={t("action.folder")}
        description={t("action.folderHint")}
        classNames={{ input: "mono" }}
        style={{ flex: "1 1 160px" }}
        value={action.folder}
        onChange={({ currentTarget }) => onChange({ ...action, folder: currentTarget.value.trim() })}
      />
    </Group>
  );
}
