// A table of text; its first line is taken as the header, and what its columns hold is guessed from the rows.
import { Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { columnType, parseCsv } from "@/lib/csv";
import { formatCount } from "@/lib/format";
import { VirtualTable } from "./virtual-table";

const MOST_ROWS = 100_000;

interface Props {
  text: string;
  separator: string;
  /** The text ends in the middle of the file. */
  isCut: boolean;
}

export default function CsvPreview({ text, separator, isCut }: Props) {
  const { t, i18n } = useTranslation();
  const { columns, rows, isMore } = useMemo(() => {
    const [header = [], ...all] = parseCsv(text, separator, MOST_ROWS + 1);
    // The last row of a part may have lost its end.
    const kept = isCut ? all.slice(0, -1) : all;
    const width = Math.max(header.length, ...kept.slice(0, 1000).map((row) => row.length));
    return {
      columns: Array.from({ length: width }, (_, index) => {
        const type = columnType(kept, index);
        return { name: header[index] ?? "", type, isNumber: type === "number" };
      }),
      rows: kept,
      isMore: isCut || all.length >= MOST_ROWS,
    };
  }, [text, separator, isCut]);
  const n = formatCount(rows.length, i18n.language);
  return (
    <div>
      <Text size="sm" className="dim" mb={4}>
        {isMore ? t("file.firstRows", { n }) : t("file.rows", { count: rows.length, n })}
      </Text>
      <VirtualTable columns={columns} rows={rows} />
    </div>
  );
}
