// JSON as a tree that folds, made of native disclosure elements: keyboard and screen reader work by themselves.
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./files.module.css";

const OPEN_LEVELS = 2;
const MOST_CHILDREN = 500;

function parse(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

export function JsonPreview({ text }: { text: string }) {
  const { t } = useTranslation();
  const parsed = parse(text);
  if (!parsed) {
    return (
      <>
        <Text size="sm" className="dim">
          {t("file.badJson")}
        </Text>
        <pre className={`code ${classes.text}`}>{text}</pre>
      </>
    );
  }
  return (
    <div className={`code ${classes.json}`}>
      <JsonNode name={null} value={parsed.value} level={0} />
    </div>
  );
}

function JsonNode({ name, value, level }: { name: string | null; value: unknown; level: number }) {
  const label = name === null ? null : <span className={classes.jsonKey}>{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div className={classes.jsonLeaf}>
        {label}
        <span data-type={typeof value}>{JSON.stringify(value)}</span>
      </div>
    );
  }
  const children = Object.entries(value);
  const count = Array.isArray(value) ? `[${children.length}]` : `{${children.length}}`;
  return (
    <details open={level < OPEN_LEVELS}>
      <summary>
        {label}
        <span className="dim">{count}</span>
      </summary>
      <div className={classes.jsonChildren}>
        {children.slice(0, MOST_CHILDREN).map(([key, child]) => (
          <JsonNode key={key} name={key} value={child} level={level + 1} />
        ))}
        {children.length > MOST_CHILDREN && <div className="dim">… {children.length - MOST_CHILDREN}</div>}
      </div>
    </details>
  );
}
