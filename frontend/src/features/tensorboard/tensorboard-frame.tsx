// TensorBoard in a frame that stays mounted. Hidden, it keeps its size: charts are laid out before they are asked for.
import { Loader, Stack, Text, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { tensorboardAddress } from "./address";
import classes from "./tensorboard-frame.module.css";

const AGAIN_MS = 3000;

// Whatever stands before the server answers for it while it is away, and such an answer does not try again by itself.
function isAnswered(frame: HTMLIFrameElement) {
  return !!frame.contentDocument?.querySelector("tb-webapp, meta[http-equiv=refresh]");
}

interface Props {
  trackId: string;
  name: string;
  isShown: boolean;
}

export function TensorboardFrame({ trackId, name, isShown }: Props) {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const [state, setState] = useState<"starting" | "away" | "loaded">("starting");
  // A new frame each time: the same address with its fragment, given once more, would load nothing.
  const [tries, setTries] = useState(0);
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(again.current), []);
  const onLoad = (frame: HTMLIFrameElement) => {
    clearTimeout(again.current);
    if (isAnswered(frame)) return setState("loaded");
    setState("away");
    again.current = setTimeout(() => setTries((before) => before + 1), AGAIN_MS);
  };
  return (
    <div className={classes.pane} data-shown={isShown} aria-hidden={!isShown}>
      <iframe
        key={tries}
        src={tensorboardAddress([trackId], scheme === "dark")}
        title={t("tensorboard.frame", { name })}
        className={classes.frame}
        // Its scripts are TensorBoard's own; what users upload must not open windows over ours or move the page.
        sandbox="allow-scripts allow-same-origin allow-downloads allow-popups allow-forms allow-modals"
        tabIndex={isShown ? 0 : -1}
        onLoad={(event) => onLoad(event.currentTarget)}
      />
      {state !== "loaded" && (
        <Stack align="center" justify="center" className={classes.starting} role="status">
          <Loader />
          <Text fw={600}>{t(`tensorboard.${state}`)}</Text>
        </Stack>
      )}
    </div>
  );
}
