// "Reload data", its period, theme and language. All of it stays in this browser.
import {
  Checkbox,
  Input,
  Modal,
  NumberInput,
  SegmentedControl,
  Stack,
  Switch,
  useMantineColorScheme,
} from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { TimeZone } from "@/lib/format";
import { LANGUAGES, type Language, setLanguage } from "@/lib/i18n";
import {
  isReloadPeriod,
  MAX_RELOAD_S,
  MIN_RELOAD_S,
  setPreferences,
  usePreferences,
} from "@/lib/preferences";

const LANGUAGE_NAMES: Record<Language, string> = { en: "English", "zh-TW": "繁體中文" };

export function SettingsDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const { reloadOn, timeZone, hasKeys } = usePreferences();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("settings.title")}>
      <Stack gap="lg">
        <Checkbox
          label={t("settings.reload")}
          description={t("settings.reloadHint")}
          checked={reloadOn}
          onChange={(event) => setPreferences({ reloadOn: event.currentTarget.checked })}
        />
        <ReloadPeriod />
        <Input.Wrapper label={t("settings.theme")} labelElement="div">
          <SegmentedControl
            fullWidth
            aria-label={t("settings.theme")}
            value={colorScheme}
            onChange={(value) => setColorScheme(value as "auto" | "light" | "dark")}
            data={(["auto", "light", "dark"] as const).map((value) => ({
              value,
              label: t(`settings.${value}`),
            }))}
          />
        </Input.Wrapper>
        <Input.Wrapper label={t("settings.language")} labelElement="div">
          <SegmentedControl
            fullWidth
            aria-label={t("settings.language")}
            value={i18n.language}
            onChange={(value) => void setLanguage(value as Language)}
            data={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
          />
        </Input.Wrapper>
        <Input.Wrapper label={t("settings.timeZone")} labelElement="div">
          <SegmentedControl
            fullWidth
            aria-label={t("settings.timeZone")}
            value={timeZone}
            onChange={(value) => {
              setPreferences({ timeZone: value as TimeZone });
              // Whoever writes texts writes times: all of them are drawn anew.
              void i18n.changeLanguage(i18n.language);
            }}
            data={(["local", "utc"] as const).map((value) => ({
              value,
              label: t(`settings.timeZone.${value}`),
            }))}
          />
        </Input.Wrapper>
        <Switch
          label={t("settings.keys")}
          description={t("settings.keysHint")}
          checked={hasKeys}
          onChange={(event) => setPreferences({ hasKeys: event.currentTarget.checked })}
        />
      </Stack>
    </Modal>
  );
}

function ReloadPeriod() {
  const { t } = useTranslation();
  const { reloadOn, reloadPeriodS } = usePreferences();
  const [draft, setDraft] = useState<number | string>(reloadPeriodS);
  const [isBad, setBad] = useState(false);
  return (
    <NumberInput
      label={t("settings.period")}
      value={draft}
      min={MIN_RELOAD_S}
      max={MAX_RELOAD_S}
      clampBehavior="none"
      disabled={!reloadOn}
      error={isBad ? t("settings.periodBad") : null}
      onChange={(value) => {
        setDraft(value);
        if (isReloadPeriod(value)) {
          setBad(false);
          setPreferences({ reloadPeriodS: value });
        }
      }}
      onBlur={() => setBad(!isReloadPeriod(draft))}
    />
  );
}
