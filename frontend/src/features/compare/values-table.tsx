// Parameters and last values of the compared tracks, a row each; at first only what differs.
import { Checkbox, TextInput } from "@mantine/core";
import { IconSearch, IconStarFilled } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TrackRow } from "@/api/listing";
import type { Scalar } from "@/api/types";
import { formatShort } from "@/lib/format";
import { trackColour } from "@/lib/palette";
import classes from "./compare.module.css";
import { isLowBetter } from "./lines";

interface Props {
  tracks: readonly TrackRow[];
  columns: readonly string[];
}

const MOST_ROWS = 400;

export function differs(tracks: readonly TrackRow[], column: string): boolean {
  return new Set(tracks.map((track) => track.values[column] ?? null)).size > 1;
}

function bestOf(tracks: readonly TrackRow[], column: string): Scalar {
  const numbers = tracks.flatMap((track) => {
    const value = track.values[column];
    return typeof value === "number" ? value : [];
  });
  if (numbers.length < 2 || !column.startsWith("m.")) return null;
  return isLowBetter(column) ? Math.min(...numbers) : Math.max(...numbers);
}

export function ValuesTable({ tracks, columns }: Props) {
  const { t } = useTranslation();
  const [isShort, setShort] = useState(true);
  const [wanted, setWanted] = useState("");
  const rows = useMemo(
    () =>
      columns
        .filter((column) => tracks.some((track) => track.values[column] !== undefined))
        .filter((column) => !isShort || differs(tracks, column))
        .filter((column) => column.toLowerCase().includes(wanted.trim().toLowerCase())),
    [columns, tracks, isShort, wanted],
  );
  return (
    <div className={classes.tab}>
      <div className={`${classes.tools} ${classes.middle}`}>
        <Checkbox
          label={t("compare.onlyDifferences")}
          checked={isShort}
          onChange={(event) => setShort(event.currentTarget.checked)}
        />
        <TextInput
          aria-label={t("column.search")}
          placeholder={t("column.search")}
          leftSection={<IconSearch size={16} />}
          w={280}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      </div>
      {rows.length === 0 ? (
        <div className={classes.none}>{isShort ? t("compare.noDifference") : t("compare.noValue")}</div>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
        <section className={`card ${classes.values}`} tabIndex={0} aria-label={t("compare.tab.parameters")}>
          <table className="num">
            <thead>
              <tr>
                <th>{t("folder.key")}</th>
                {tracks.map((track) => (
                  <th key={track.track_id}>
                    <Link
                      to="/t/$track"
                      params={{ track: track.track_id }}
                      title={track.name}
                      className={classes.trackHead}
                    >
                      <span className={classes.swatch} style={{ background: trackColour(track.number) }} />
                      <span className="cut">{track.name}</span>
                    </Link>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, MOST_ROWS).map((column) => {
                const best = bestOf(tracks, column);
                return (
                  <tr key={column}>
                    <th scope="row" title={column}>
                      {column.slice(2)}
                    </th>
                    {tracks.map((track) => {
                      const value = track.values[column];
                      const isBest = best !== null && value === best;
                      return (
                        <td
                          key={track.track_id}
                          className={isBest ? classes.best : undefined}
                          title={String(value ?? "")}
                        >
                          {value === undefined ? "–" : formatShort(value)}
                          {isBest && <IconStarFilled size={11} aria-label={t("compare.best")} />}
                        </td>
                      );
                    })}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}
