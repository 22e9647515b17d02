// What the page knows of actions: their kinds, what is missing in one, moving them. Pure, but for the icons.
import { IconFileUpload, IconGitBranch, IconTerminal2 } from "@tabler/icons-react";
import type { Action } from "@/api/pipelines";

export const KINDS = ["git", "command", "publish"] as const;
export const KIND_ICONS = { git: IconGitBranch, command: IconTerminal2, publish: IconFileUpload };

/** An action and what it is known by while the list is edited. */
export interface KeyedAction {
  key: number;
  action: Action;
}

export function emptyAction(kind: Action["kind"]): Action {
  if (kind === "git") return { kind, name: "", url: "", revision: "" };
  if (kind === "publish") return { kind, name: "", patterns: [], folder: "files" };
  return { kind, name: "", command: [], uses_shell: false };
}

export function isActionComplete(action: Action): boolean {
  if (action.kind === "git") return action.url !== "";
  if (action.kind === "publish") return action.patterns.length > 0;
  return action.command.some((word) => word.trim() !== "");
}

/** The list with one of its items at another place; the others keep their order. */
export function move<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.filter((_, index) => index !== from);
  return [...rest.slice(0, to), ...items.slice(from, from + 1), ...rest.slice(to)];
}
