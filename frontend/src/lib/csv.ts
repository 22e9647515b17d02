// Reads CSV and TSV (RFC 4180) for a preview: quoted cells, doubled quotes, line ends inside quotes.

export function parseCsv(text: string, separator: string, mostRows: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let isQuoted = false;
  const endCell = () => {
    row.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    rows.push(row);
    row = [];
  };
  for (let index = 0; index < text.length && rows.length < mostRows; index++) {
    const char = text[index];
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else isQuoted = false;
    } else if (char === '"' && cell === "") isQuoted = true;
    else if (char === separator) endCell();
    else if (char === "\n") endRow();
    else if (char !== "\r") cell += char;
  }
  if (rows.length < mostRows && (cell !== "" || row.length > 0)) endRow();
  return rows;
}

const TYPED_ROWS = 1000;

/** What a column holds, by its first thousand rows: number, bool, text; empty when there is nothing. */
export function columnType(
  rows: readonly (readonly string[])[],
  index: number,
): "number" | "bool" | "text" | "" {
  let type: "number" | "bool" | "" = "";
  for (const row of rows.slice(0, TYPED_ROWS)) {
    const cell = row[index]?.trim() ?? "";
    if (cell === "") continue;
    const found = /^(true|false)$/i.test(cell) ? "bool" : isNumberText(cell) ? "number" : "text";
    if (found === "text" || (type !== "" && found !== type)) return "text";
    type = found;
  }
  return type;
}

const isNumberText = (cell: string) =>
  /^(nan|[+-]?inf(inity)?)$/i.test(cell) || Number.isFinite(Number(cell));
