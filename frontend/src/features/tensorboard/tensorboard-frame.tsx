// TensorBoard of one track in a frame. It needs seconds to start; until its page is there we say so.
import { Loader, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { toApiError } from "@/api/client";
import classes from "./tensorboard-frame.module.css";

const POLL_MS = 1000;
// A normal start takes less; after this the server's own words say more than a spinner.
const PATIENCE_S = 4;

interface Props {
  trackId: string;
  name: string;
}

export function TensorboardFrame({ trackId, name }: Props) {
  const { t } = useTranslation();
  const url = new URL(`tb/${trackId}/`, document.baseURI).toString();
  const { isReady, seconds, reason } = useReady(url);
  return (
    <div className={classes.pane}>
      {isReady ? (
        <iframe src={url} title={t("tensorboard.frame", { name })} className={classes.frame} />
      ) : (
        <Stack align="center" justify="center" h="100%" role="status">
          <Loader />
          <Text fw={600}>{t("tensorboard.starting")}</Text>
          <Text className="dim num">
            {t("tensorboard.startingHint")} {seconds > 2 ? `${seconds} s` : ""}
          </Text>
          {seconds > PATIENCE_S && reason && (
            <Text size="sm" className="dim">
              {reason}
            </Text>
          )}
        </Stack>
      )}
    </div>
  );
}

/** Asks for the page itself, as the frame would: 503 means "starting", anything else is for the frame to show. */
function useReady(url: string) {
  const [state, setState] = useState({ isReady: false, seconds: 0, reason: "" });
  useEffect(() => {
    const startedAt = Date.now();
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const { isReady, reason } = await fetch(url, { signal: stop.signal, headers: { Accept: "text/html" } })
        .then(async (response) =>
          response.status === 503
            ? { isReady: false, reason: (await toApiError(response)).message }
            : { isReady: true, reason: "" },
        )
        .catch(() => ({ isReady: false, reason: "" }));
      if (stop.signal.aborted) return;
      setState({ isReady, reason, seconds: Math.round((Date.now() - startedAt) / 1000) });
      if (!isReady) timer = setTimeout(() => void ask(), POLL_MS);
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [url]);
  return state;
}
