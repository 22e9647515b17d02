// Adds another series of the track to the chart.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { laterPart } from "@/components/later";

const SeriesField = laterPart(async () => (await import("./series-field")).SeriesField);

interface Props {
  trackId: string;
  chosen: readonly string[];
  onAdd: (key: string) => void;
}

export function SeriesPicker(props: Props) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  if (isOpen) return <SeriesField {...props} onClose={() => setOpen(false)} />;
  return (
    <Button
      size="xs"
      variant="subtle"
      mt="xs"
      leftSection={<IconPlus size={14} />}
      onClick={() => setOpen(true)}
    >
      {t("series.add")}
    </Button>
  );
}
