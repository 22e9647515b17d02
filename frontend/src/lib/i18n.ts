// English and Traditional Chinese. Keys are flat; `zh-tw.ts` has the type of `en.ts`, so a missing one does not build.
// Only the texts of the language in use are fetched.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { en } from "./locales/en";

export const LANGUAGES = ["en", "zh-TW"] as const;
export type Language = (typeof LANGUAGES)[number];
const STORAGE_KEY = "mlsteam-track-language";
const TEXTS: Record<Language, () => Promise<Record<keyof typeof en, string>>> = {
  en: async () => (await import("./locales/en")).en,
  "zh-TW": async () => (await import("./locales/zh-tw")).zhTw,
};

declare module "i18next" {
  interface CustomTypeOptions {
    keySeparator: false;
    nsSeparator: false;
    resources: { translation: typeof en };
  }
}

function initialLanguage(): Language {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    if (stored === "en" || stored === "zh-TW") return stored;
  } catch {
    // Storage may be blocked; the browser's language decides.
  }
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-TW" : "en";
}

async function fetchTexts(language: Language) {
  if (!i18next.hasResourceBundle(language, "translation"))
    i18next.addResourceBundle(language, "translation", await TEXTS[language]());
}

export async function setLanguage(language: Language): Promise<void> {
  await fetchTexts(language);
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // Then the choice lasts as long as the tab.
  }
  await i18next.changeLanguage(language);
}

i18next.on("languageChanged", (language) => {
  document.documentElement.lang = language;
});

/** Fetches the texts of the language in use; before that, nothing can be drawn. */
export async function startLanguage(): Promise<void> {
  const language = initialLanguage();
  // Asked for first: starting the library needs no time beside that.
  const texts = TEXTS[language]();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    keySeparator: false,
    nsSeparator: false,
    resources: { [language]: { translation: await texts } },
    // React escapes; escaping twice would show entities.
    interpolation: { escapeValue: false },
  });
}

export const i18n = i18next;
