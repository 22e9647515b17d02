// JSON and YAML as a tree that folds, made of native disclosure elements: keyboard and screen reader work by themselves.
import { ActionIcon, Text, Tooltip } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { load } from "js-yaml";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import CodePreview from "./code-preview";
import classes from "./files.module.css";

const OPEN_LEVELS = 2;
const CHILDREN_AT_ONCE = 200;

function parse(text: string, form: "json" | "yaml"): { value: unknown } | { error: string } {
  try {
    // The words that Python writes for floats which JSON has none for.
    return { value: form === "yaml" ? load(text) : JSON.parse(text) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

export default function TreePreview({ text, form }: { text: string; form: "json" | "yaml" }) {
  const { t } = useTranslation();
  const parsed = useMemo(() => parse(text, form), [text, form]);
  if ("error" in parsed) {
    return (
      <>
        <Text size="sm" c="var(--warn)">
          {t("file.badTree", { form: form.toUpperCase() })} {parsed.error.split("\n")[0]}
        </Text>
        <CodePreview text={text} language={form} />
      </>
    );
  }
  return (
    <div className={`code ${classes.json}`}>
      <TreeNode name={null} path="" value={parsed.value} level={0} />
    </div>
  );
}

interface NodeProps {
  name: string | null;
  path: string;
  value: unknown;
  level: number;
}

function TreeNode({ name, path, value, level }: NodeProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(level < OPEN_LEVELS);
  const [nShown, setShown] = useState(CHILDREN_AT_ONCE);
  const label = name !== null && <span className={classes.jsonKey}>{name}: </span>;
  if (typeof value !== "object" || value === null || value instanceof Date) {
    const text = value instanceof Date ? value.toISOString() : (JSON.stringify(value) ?? String(value));
    return (
      <div className={classes.jsonLeaf}>
        {label}
        <span data-type={typeof value}>{text}</span>
        <CopyPath path={path} />
      </div>
    );
  }
  const isArray = Array.isArray(value);
  const children = Object.entries(value);
  const count = isArray ? `[${children.length}]` : `{${children.length}}`;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {label}
        <span className="dim">{count}</span>
      </summary>
      {/* What is folded is not made: a file may hold a million values, or itself. */}
      {isOpen && (
        <div className={classes.jsonChildren}>
          {children.slice(0, nShown).map(([key, child]) => (
            <TreeNode
              key={key}
              name={key}
              path={isArray ? `${path}[${key}]` : path ? `${path}.${key}` : key}
              value={child}
              level={level + 1}
            />
          ))}
          {children.length > nShown && (
            <button type="button" className={classes.more} onClick={() => setShown(nShown * 5)}>
              {t("file.moreChildren", { n: children.length - nShown })}
            </button>
          )}
        </div>
      )}
    </details>
  );
}

function CopyPath({ path }: { path: string }) {
  const { t } = useTranslation();
  if (!path) return null;
  return (
    <Tooltip label={t("file.copyPath", { path })}>
      <ActionIcon
        size={24}
        className={classes.copyPath}
        aria-label={t("file.copyPath", { path })}
        onClick={(event) => {
          event.preventDefault();
          void navigator.clipboard.writeText(path);
        }}
      >
        <IconCopy size={12} />
      </ActionIcon>
    </Tooltip>
  );
}
