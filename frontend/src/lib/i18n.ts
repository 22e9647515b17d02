// English and Traditional Chinese. Keys are flat; `zh-tw.ts` has the type of `en.ts`, so a missing one does not build.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./locales/en";
import { zhTw } from "./locales/zh-tw";

export const LANGUAGES = ["en", "zh-TW"] as const;
export type Language = (typeof LANGUAGES)[number];
const STORAGE_KEY = "mlsteam-track-language";

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

export function setLanguage(language: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // Then the choice lasts as long as the tab.
  }
  void i18next.changeLanguage(language);
}

i18next.on("languageChanged", (language) => {
  document.documentElement.lang = language;
});
void i18next.use(initReactI18next).init({
  lng: initialLanguage(),
  fallbackLng: "en",
  keySeparator: false,
  nsSeparator: false,
  resources: { en: { translation: en }, "zh-TW": { translation: zhTw } },
  // React escapes; escaping twice would show entities.
  interpolation: { escapeValue: false },
});

export const i18n = i18next;
