// The actions of a pipeline as they are read.
import { useTranslation } from "react-i18next";
import type { Action } from "@/api/pipelines";
import { commandText } from "@/components/definition/command-fields";
import { KIND_ICONS } from "./actions";
import classes from "./pipelines.module.css";

export function ActionList({ actions }: { actions: readonly Action[] }) {
  const { t } = useTranslation();
  return (
    <ol className={classes.actions}>
      {actions.map((action, index) => {
        const Icon = KIND_ICONS[action.kind];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: its place is what an action is.
          <li key={index}>
            <span className="num dim">{index + 1}</span>
            <Icon size={18} aria-hidden />
            <span className={classes.action}>
              <strong>{action.name || t(`action.kind.${action.kind}`)}</strong>
              <ActionText action={action} />
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function ActionText({ action }: { action: Action }) {
  if (action.kind === "command") return <code className="mono">{commandText(action)}</code>;
  if (action.kind === "git")
    return (
      <code className="mono">
        {action.url} {action.revision}
      </code>
    );
  return (
    <code className="mono">
      {action.patterns.join(", ")} → {action.folder || "/"}
    </code>
  );
}
