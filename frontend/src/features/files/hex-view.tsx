// The first bytes of a file that nothing else can show.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { fileBytesQuery } from "@/api/files";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import type { FileProps } from "./file-preview";
import { toHexRows } from "./hex";

const BYTES = 512;

export default function HexView({ trackId, fileKey, leaf }: FileProps) {
  const { t } = useTranslation();
  const length = Math.min(BYTES, leaf.size_bytes ?? BYTES);
  const bytes = useQuery(fileBytesQuery(trackId, fileKey, leaf.sha256, length));
  if (bytes.isError) return <ErrorPanel error={bytes.error} onRetry={() => void bytes.refetch()} />;
  if (!bytes.data) return <RowSkeleton rows={8} height={14} />;
  return (
    <div>
      <p className="dim">{t("file.hex", { n: length })}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard. */}
      <pre className="code" tabIndex={0}>
        {toHexRows(new Uint8Array(bytes.data)).join("\n")}
      </pre>
    </div>
  );
}
