// TensorBoard in a frame that stays mounted. Hidden, it keeps its size: charts are laid out before they are asked for.
import { Loader, Stack, Text, useComputedColorScheme } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { tensorboardAddress } from "./address";
import classes from "./tensorboard-frame.module.css";

interface Props {
  trackId: string;
  name: string;
  isShown: boolean;
}

export function TensorboardFrame({ trackId, name, isShown }: Props) {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const [isLoaded, setLoaded] = useState(false);
  return (
    <div className={classes.pane} data-shown={isShown} aria-hidden={!isShown}>
      <iframe
        src={tensorboardAddress([trackId], scheme === "dark")}
        title={t("tensorboard.frame", { name })}
        className={classes.frame}
        // Its scripts are TensorBoard's own; what users upload must not open windows over ours or move the page.
        sandbox="allow-scripts allow-same-origin allow-downloads allow-popups allow-forms allow-modals"
        tabIndex={isShown ? 0 : -1}
        onLoad={() => setLoaded(true)}
      />
      {!isLoaded && (
        <Stack align="center" justify="center" className={classes.starting} role="status">
          <Loader />
          <Text fw={600}>{t("tensorboard.starting")}</Text>
        </Stack>
      )}
    </div>
  );
}
