// Rows out of a Parquet file by ranges of bytes.
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { readBytes } from "@/api/files";
import type { TableColumn } from "./virtual-table";

/** A row group is read as a whole, and this one would not fit. */
export class TooLargeGroup extends Error {
  constructor(readonly bytes: number) {
    super("row group too large");
  }
}

export interface ParquetTable {
  columns: TableColumn[];
  rows: string[][];
  nStored: number;
}

const MOST_GROUP_BYTES = 64 * 1024 * 1024;
const NUMBERS = new Set(["INT32", "INT64", "FLOAT", "DOUBLE", "INT96"]);

export async function readParquet(
  url: string,
  byteLength: number,
  nRows: number,
  signal: AbortSignal,
): Promise<ParquetTable> {
  const file: AsyncBuffer = {
    byteLength,
    slice: (start, end = byteLength) => readBytes(url, start, end - start, signal),
  };
  const metadata = await parquetMetadataAsync(file);
  const nStored = Number(metadata.num_rows);
  let before = 0;
  for (const group of metadata.row_groups) {
    if (before >= nRows) break;
    const bytes = Number(group.total_byte_size);
    if (bytes > MOST_GROUP_BYTES) throw new TooLargeGroup(bytes);
    before += Number(group.num_rows);
  }
  const columns = parquetSchema(metadata).children.map(({ element }) => ({
    name: element.name,
    type: (element.logical_type?.type ?? element.converted_type ?? element.type ?? "group").toLowerCase(),
    isNumber: NUMBERS.has(element.type ?? "") && !element.logical_type?.type?.startsWith("TIME"),
  }));
  const objects = await parquetReadObjects({
    file,
    metadata,
    compressors,
    rowStart: 0,
    rowEnd: Math.min(nRows, nStored),
  });
  return { columns, rows: objects.map((row) => columns.map(({ name }) => cellText(row[name]))), nStored };
}

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array)
    return [...value.slice(0, 32)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  if (typeof value === "object")
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "bigint" ? String(inner) : inner,
    );
  return String(value);
}
