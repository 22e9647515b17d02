// The tools above a console: search, go to line, follow, times, wrap, download.
import {
  ActionIcon,
  Group,
  Loader,
  NumberInput,
  SegmentedControl,
  Switch,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import {
  IconChevronDown,
  IconChevronUp,
  IconDownload,
  IconSearch,
  IconSpeakerphone,
  IconTextWrap,
} from "@tabler/icons-react";
import { type RefObject, useState } from "react";
import { useTranslation } from "react-i18next";
import { consoleTextUrl } from "@/api/console";
import { errorText } from "@/components/error-panel";
import { formatCount } from "@/lib/format";
import type { Preferences } from "@/lib/preferences";
import classes from "./console-view.module.css";
import type { ConsoleSearch } from "./use-console-search";

type Taste = Preferences["console"];

interface Props {
  trackId: string;
  stream: string;
  nLines: number;
  words: string;
  found: ConsoleSearch;
  hit: number;
  taste: Taste;
  isFollowing: boolean;
  searchRef: RefObject<HTMLInputElement | null>;
  onWords: (words: string) => void;
  onHit: (way: 1 | -1) => void;
  onTaste: (change: Partial<Taste>) => void;
  onFollow: (isOn: boolean) => void;
  onGoTo: (line: number) => void;
}

// A search of a word that is not whole yet costs the server a tenth of a second at most.
const TYPING_MS = 60;

export function ConsoleTools(props: Props) {
  const { t, i18n } = useTranslation();
  const { trackId, stream, nLines, taste } = props;
  return (
    <Group gap="sm" pb={8} className={classes.tools}>
      <Search {...props} />
      <GoTo nLines={nLines} onGoTo={props.onGoTo} />
      <Switch
        label={t("console.follow")}
        checked={props.isFollowing}
        onChange={(event) => props.onFollow(event.currentTarget.checked)}
      />
      <SegmentedControl
        size="xs"
        className="phone-hidden"
        aria-label={t("console.times")}
        value={taste.times}
        onChange={(times) => props.onTaste({ times: times as Taste["times"] })}
        data={(["none", "clock", "relative"] as const).map((value) => ({
          value,
          label: t(`console.times.${value}`),
        }))}
      />
      <Tooltip label={t("console.wrap")}>
        <ActionIcon
          aria-label={t("console.wrap")}
          aria-pressed={taste.isWrapped}
          variant={taste.isWrapped ? "light" : "subtle"}
          onClick={() => props.onTaste({ isWrapped: !taste.isWrapped })}
        >
          <IconTextWrap size={18} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("console.spoken")}>
        <ActionIcon
          aria-label={t("console.spoken")}
          aria-pressed={taste.isSpoken}
          variant={taste.isSpoken ? "light" : "subtle"}
          onClick={() => props.onTaste({ isSpoken: !taste.isSpoken })}
        >
          <IconSpeakerphone size={18} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("console.download")}>
        <ActionIcon
          component="a"
          href={consoleTextUrl(trackId, stream)}
          download
          aria-label={t("console.download")}
        >
          <IconDownload size={18} />
        </ActionIcon>
      </Tooltip>
      <span className="dim num">
        {t("console.lines", { count: nLines, n: formatCount(nLines, i18n.language) })}
      </span>
    </Group>
  );
}

function Search({ words, found, hit, searchRef, onWords, onHit }: Props) {
  const { t, i18n } = useTranslation();
  const [draft, setDraft] = useState(words);
  const settle = useDebouncedCallback(onWords, TYPING_MS);
  const n = formatCount(found.hits.length, i18n.language) + (found.isCut ? "+" : "");
  return (
    <Group gap={4} wrap="nowrap">
      <TextInput
        ref={searchRef}
        size="xs"
        w={210}
        aria-label={t("console.search")}
        placeholder={t("console.search")}
        leftSection={<IconSearch size={14} />}
        rightSection={!found.isDone && <Loader size={12} />}
        value={draft}
        error={found.error ? errorText(found.error) : undefined}
        onChange={(event) => {
          setDraft(event.currentTarget.value);
          settle(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            setDraft("");
            onWords("");
          }
          if (event.key !== "Enter") return;
          if (draft !== words) onWords(draft);
          else onHit(event.shiftKey ? -1 : 1);
        }}
      />
      {words !== "" && (
        <span className="dim num" role="status">
          {found.hits.length > 0
            ? t("console.hits", { at: hit < 0 ? "–" : formatCount(hit + 1, i18n.language), n })
            : found.isDone
              ? t("console.noHits")
              : ""}
        </span>
      )}
      {found.hits.length > 0 && (
        <>
          <ActionIcon aria-label={t("console.previous")} onClick={() => onHit(-1)}>
            <IconChevronUp size={16} />
          </ActionIcon>
          <ActionIcon aria-label={t("console.next")} onClick={() => onHit(1)}>
            <IconChevronDown size={16} />
          </ActionIcon>
        </>
      )}
    </Group>
  );
}

function GoTo({ nLines, onGoTo }: { nLines: number; onGoTo: (line: number) => void }) {
  const { t } = useTranslation();
  const [line, setLine] = useState<number | string>("");
  return (
    <NumberInput
      size="xs"
      w={110}
      hideControls
      className="phone-hidden"
      aria-label={t("console.goTo")}
      placeholder={t("console.goTo")}
      min={1}
      max={Math.max(1, nLines)}
      allowDecimal={false}
      value={line}
      onChange={setLine}
      onKeyDown={(event) => {
        if (event.key === "Enter" && typeof line === "number") onGoTo(Math.min(Math.max(1, line), nLines));
      }}
    />
  );
}
