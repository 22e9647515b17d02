// The combinations that would be submitted, as the server says.
import { useTranslation } from "react-i18next";
import type { Preview } from "@/api/labs";
import { formatCount } from "@/lib/format";
import { formatScalar } from "@/lib/scalars";
import classes from "./labs.module.css";

const MOST_SHOWN = 100;

export function CombinationTable({ combinations }: { combinations: Preview["combinations"] }) {
  const { t, i18n } = useTranslation();
  const names = [...new Set(combinations.flatMap((one) => Object.keys(one)))];
  const nMore = combinations.length - MOST_SHOWN;
  if (names.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className={classes.combinations} tabIndex={0} aria-label={t("submit.combinations")}>
      <table className="rows">
        <thead>
          <tr>
            <th className={classes.index}>{t("submission.number")}</th>
            {names.map((name) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {combinations.slice(0, MOST_SHOWN).map((one, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: its place is what a combination is called here.
            <tr key={index}>
              <td className={`num dim ${classes.index}`}>{index + 1}</td>
              {names.map((name) => (
                <td key={name} className="num">
                  {name in one ? formatScalar(one[name] ?? "") : <span className="dim">–</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {nMore > 0 && <p className="dim">{t("submit.more", { n: formatCount(nMore, i18n.language) })}</p>}
    </section>
  );
}
