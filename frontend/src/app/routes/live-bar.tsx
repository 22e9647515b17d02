// Says that the server, which told what changes, cannot be heard any more; the period of "Reload data" holds meanwhile.
import { useDocumentVisibility } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useIsLive } from "@/lib/live";
import { usePreferences } from "@/lib/preferences";

// A stream that is only connected again is no news.
const PATIENCE_MS = 4000;

export function LiveBar() {
  const { t } = useTranslation();
  const { reloadOn, reloadPeriodS } = usePreferences();
  const isLive = useIsLive();
  const isVisible = useDocumentVisibility() === "visible";
  const [wasLive, setWasLive] = useState(false);
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (isLive) setWasLive(true);
    if (isLive || !wasLive || !isVisible || !reloadOn) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isLive, wasLive, isVisible, reloadOn]);
  if (!isShown) return null;
  return (
    <div className="offline" role="status">
      {t("app.notLive", { n: reloadPeriodS })}
    </div>
  );
}
