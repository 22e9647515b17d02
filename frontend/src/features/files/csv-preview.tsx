// The first rows of a table file; its first line is taken as the header.
import { Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { parseCsv } from "@/lib/csv";
import classes from "./files.module.css";

const MOST_ROWS = 500;

export function CsvPreview({ text, separator }: { text: string; separator: string }) {
  const { t } = useTranslation();
  const [header = [], ...rows] = useMemo(() => parseCsv(text, separator, MOST_ROWS + 1), [text, separator]);
  // A position in a file that is shown as it is: nothing is moved or removed, so it may serve as the key.
  const numbered = rows.map((cells, index) => ({
    id: index,
    cells: cells.map((cell, at) => ({ id: at, cell })),
  }));
  return (
    <div>
      {rows.length >= MOST_ROWS && (
        <Text size="sm" className="dim" mb={4}>
          {t("file.rows", { n: MOST_ROWS })}
        </Text>
      )}
      <div className={`card ${classes.table}`}>
        <table className="rows num">
          <thead>
            <tr>
              {header.map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {numbered.map((row) => (
              <tr key={row.id}>
                {row.cells.map(({ id, cell }) => (
                  <td key={id}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
