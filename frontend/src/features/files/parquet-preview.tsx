// A Parquet file: only its footer and the row groups of the shown rows are fetched.
import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { fileUrl } from "@/api/files";
import { EmptyState } from "@/components/empty-state";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatBytes, formatCount } from "@/lib/format";
import type { FileProps } from "./file-preview";
import { readParquet, TooLargeGroup } from "./parquet";
import { VirtualTable } from "./virtual-table";

const ROWS_AT_ONCE = 1000;

export default function ParquetPreview({ trackId, fileKey, leaf }: FileProps) {
  const { t, i18n } = useTranslation();
  const [nRows, setRows] = useState(ROWS_AT_ONCE);
  const table = useQuery({
    queryKey: ["file-parquet", trackId, fileKey, leaf.sha256, nRows],
    queryFn: ({ signal }) => readParquet(fileUrl(trackId, fileKey), leaf.size_bytes ?? 0, nRows, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    placeholderData: (before, query) => (query?.queryKey[2] === fileKey ? before : undefined),
  });
  if (table.error instanceof TooLargeGroup) {
    return (
      <EmptyState
        title={t("file.tooLarge")}
        text={t("file.largeGroup", { size: formatBytes(table.error.bytes) })}
      />
    );
  }
  if (table.isError) return <EmptyState title={t("file.badParquet")} text={table.error.message} />;
  if (!table.data) return <RowSkeleton rows={10} height={16} />;
  const { columns, rows, nStored } = table.data;
  const [n, of] = [rows.length, nStored].map((count) => formatCount(count, i18n.language));
  return (
    <div>
      <Text size="sm" className="dim" mb={4}>
        {rows.length < nStored ? t("file.rowsOf", { n, of }) : t("file.rows", { count: nStored, n })}
      </Text>
      <VirtualTable columns={columns} rows={rows} />
      {rows.length < nStored && (
        <Button
          mt="sm"
          size="xs"
          variant="default"
          loading={table.isFetching}
          onClick={() => setRows(nRows * 5)}
        >
          {t("app.loadMore")}
        </Button>
      )}
    </div>
  );
}
