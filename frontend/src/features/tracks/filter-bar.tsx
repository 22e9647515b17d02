// Where a query is written: suggestions while it is, and what is wrong with it marked where it stands.
import { ActionIcon, Combobox, Popover, Text, TextInput, Tooltip, useCombobox } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconHelp, IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/client";
import type { ColumnFacts } from "@/api/listing";
import { FIELDS, type Suggestion, suggest } from "@/lib/suggest";
import classes from "./filter-bar.module.css";

// A pause between two letters; an answer comes in less than that again.
const TYPING_MS = 80;

interface Props {
  query: string;
  error: unknown;
  columns: readonly ColumnFacts[];
  tags: readonly string[];
  onChange: (query: string) => void;
}

export function FilterBar({ query, error, columns, tags, onChange }: Props) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(query);
  const [caret, setCaret] = useState(query.length);
  const input = useRef<HTMLInputElement>(null);
  const sent = useRef(query);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const apply = useDebouncedCallback((next: string) => {
    // A condition that is being written is no mistake yet.
    if (/[:=<>(]\s*$|(^|\s)-$/.test(next)) return;
    sent.current = next.trim();
    onChange(next.trim());
  }, TYPING_MS);
  // The address may change without us: back, a tag that was clicked, a view.
  useEffect(() => {
    if (query === sent.current) return;
    sent.current = query;
    setDraft(query);
  }, [query]);
  const write = (next: string, at: number) => {
    setDraft(next);
    setCaret(at);
    apply(next);
    // An open list would offer what stood before.
    combobox.resetSelectedOption();
  };
  const list = suggest(draft, caret, columns, tags);
  const pick = (chosen: Suggestion) => {
    const next = draft.slice(0, chosen.from) + chosen.insert + draft.slice(chosen.to);
    const at = chosen.from + chosen.insert.length;
    write(next, at);
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
  };
  const wrong = error instanceof ApiError && error.code === "bad_query" ? error : null;
  return (
    <div className={classes.bar}>
      <Combobox
        store={combobox}
        position="bottom-start"
        width={360}
        onOptionSubmit={(value) => {
          const chosen = list[Number(value)];
          if (chosen) pick(chosen);
        }}
      >
        <Combobox.Target>
          <TextInput
            ref={input}
            className={classes.input}
            aria-label={t("filter.label")}
            placeholder={t("filter.placeholder")}
            data-hotkey="filter"
            leftSection={<IconSearch size={16} />}
            rightSectionWidth={draft ? 58 : 30}
            rightSection={
              <div className={classes.buttons}>
                {draft && (
                  <ActionIcon size={24} aria-label={t("tracks.clearFilter")} onClick={() => write("", 0)}>
                    <IconX size={16} />
                  </ActionIcon>
                )}
                <FilterHelp />
              </div>
            }
            value={draft}
            error={wrong !== null}
            aria-describedby={wrong ? "filter-error" : undefined}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => {
              write(event.currentTarget.value, event.currentTarget.selectionStart ?? 0);
              combobox.openDropdown();
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
            onClick={() => combobox.openDropdown()}
            onBlur={() => combobox.closeDropdown()}
            onKeyDown={(event) => {
              if (event.key === "ArrowDown") combobox.openDropdown();
              if (event.key !== "Enter" || combobox.getSelectedOptionIndex() >= 0) return;
              combobox.closeDropdown();
              apply.flush();
            }}
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={list.length === 0}>
          <Combobox.Options mah={300} style={{ overflowY: "auto" }} aria-label={t("filter.suggestions")}>
            {list.map((one, index) => (
              <Combobox.Option value={String(index)} key={`${one.label}-${one.from}`}>
                <div className={classes.option}>
                  <span className="cut">{one.label}</span>
                  <span className={`dim mono cut ${classes.hint}`}>{one.hint}</span>
                </div>
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {wrong && <FilterError error={wrong} query={sent.current} />}
    </div>
  );
}

function FilterError({ error, query }: { error: ApiError; query: string }) {
  const at = typeof error.context.position === "number" ? error.context.position : null;
  const length = typeof error.context.length === "number" ? error.context.length : 1;
  return (
    <div id="filter-error" role="alert" className={classes.error}>
      {at !== null && query && (
        <code className={classes.quote}>
          {query.slice(Math.max(0, at - 30), at)}
          <mark>{query.slice(at, at + length) || " "}</mark>
          {query.slice(at + length, at + length + 30)}
        </code>
      )}
      <span>{error.message}</span>
    </div>
  );
}

function FilterHelp() {
  const { t } = useTranslation();
  return (
    <Popover
      position="bottom-end"
      width="min(400px, calc(100vw - 24px))"
      withArrow
      shadow="md"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <Tooltip label={t("filter.help")}>
          <ActionIcon size={24} aria-label={t("filter.help")}>
            <IconHelp size={16} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("filter.help")}>
        <Text size="sm" mb={8}>
          {t("filter.helpWords")}
        </Text>
        <ul className={classes.examples}>
          <li>
            <code>p.lr=0.01</code> {t("filter.helpParam")}
          </li>
          <li>
            <code>m.val/loss&lt;0.3</code> {t("filter.helpMetric")}
          </li>
          <li>
            <code>created&gt;2d</code> {t("filter.helpTime")}
          </li>
          <li>
            <code>(tag:a OR tag:b) -name:test</code> {t("filter.helpLogic")}
          </li>
        </ul>
        <Text size="xs" className="dim" mt={8}>
          {t("filter.helpFields")} <code>{FIELDS.map(({ name }) => name).join(", ")}</code>
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}
