// One config value in full, to read and to copy.
import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Leaf } from "@/api/types";
import { CopyIcon } from "@/components/copy-text";
import { formatDate } from "@/lib/format";

export function ConfigValue({ leaf }: { leaf: Leaf }) {
  const { t, i18n } = useTranslation();
  // In full, not shortened: this is the place where every digit is wanted.
  const text = leaf.value === null ? "—" : String(leaf.value);
  return (
    <div className="card" style={{ padding: 16 }}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text className="mono" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere", fontSize: 16 }}>
          {text}
        </Text>
        <CopyIcon value={text} />
      </Group>
      <Text size="sm" className="dim" mt="sm">
        {leaf.type && `${t("folder.type")}: ${leaf.type}`}
        {leaf.time !== null && ` · ${t("folder.updated")}: ${formatDate(leaf.time, i18n.language)}`}
      </Text>
    </div>
  );
}
