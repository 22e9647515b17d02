// Says that the server cannot be heard, once that has lasted a moment.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useIsLive } from "@/lib/live";
import { usePreferences } from "@/lib/preferences";
import classes from "./track-bar.module.css";

const PATIENCE_MS = 4000;

export function LiveNotice() {
  const { t } = useTranslation();
  const isLive = useIsLive();
  const { reloadOn, reloadPeriodS } = usePreferences();
  const [isLate, setLate] = useState(false);
  const isMissing = reloadOn && !isLive;
  useEffect(() => {
    setLate(false);
    if (!isMissing) return;
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isMissing]);
  if (!isMissing || !isLate) return null;
  return (
    <div className={classes.notice} role="status">
      {t("live.lost", { seconds: reloadPeriodS })}
    </div>
  );
}
