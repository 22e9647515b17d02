// The button that opens the track of a run.
import { Button } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

export function OpenTrack({ trackId, isSmall = false }: { trackId: string; isSmall?: boolean }) {
  const { t } = useTranslation();
  return (
    <Button
      size={isSmall ? "compact-sm" : "sm"}
      variant={isSmall ? "default" : "filled"}
      leftSection={<IconChartLine size={16} />}
      renderRoot={(props) => <Link to="/t/$track" params={{ track: trackId }} {...props} />}
    >
      {t("run.openTrack")}
    </Button>
  );
}
