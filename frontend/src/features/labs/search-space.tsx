// What a search chooses each hyperparameter from, as the server understood it.
import { useTranslation } from "react-i18next";
import type { Preview } from "@/api/labs";
import { formatCount, formatNumber } from "@/lib/format";
import { formatScalar } from "@/lib/scalars";
import classes from "./labs.module.css";

const MOST_VALUES = 8;
type Dimension = Preview["dimensions"][number];

export function SearchSpace({ dimensions }: { dimensions: readonly Dimension[] }) {
  const { t } = useTranslation();
  return (
    <dl className={classes.hyper} aria-label={t("search.space")}>
      {dimensions.map((dimension) => (
        <div key={dimension.name}>
          <dt className="mono">{dimension.name}</dt>
          <dd>
            <SpaceText dimension={dimension} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function SpaceText({ dimension }: { dimension: Dimension }) {
  const { t, i18n } = useTranslation();
  const { kind, values } = dimension;
  if (kind === "log") {
    const ends = { low: formatNumber(dimension.low ?? 0), high: formatNumber(dimension.high ?? 0) };
    return <>{t(dimension.is_whole ? "search.space.logWhole" : "search.space.log", ends)}</>;
  }
  if (kind === "range")
    return (
      <>
        {t("search.space.range", {
          n: formatCount(values.length, i18n.language),
          low: formatScalar(values[0] ?? ""),
          high: formatScalar(values.at(-1) ?? ""),
        })}
      </>
    );
  const shown = values.slice(0, MOST_VALUES).map(formatScalar).join(", ");
  const nMore = values.length - MOST_VALUES;
  return <>{nMore > 0 ? `${shown} ${t("hyper.more", { n: formatCount(nMore, i18n.language) })}` : shown}</>;
}
