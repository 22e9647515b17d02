// A lab as it is read: what its jobs do, and with which values.
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Lab } from "@/api/labs";
import { commandText } from "@/components/definition/command-fields";
import { DefinitionFacts } from "@/components/definition/definition-facts";
import { Fact } from "@/components/fact";
import { formatScalar, isRange } from "@/lib/scalars";
import classes from "./labs.module.css";

export function LabFacts({ lab, project }: { lab: Lab; project: string }) {
  const { t } = useTranslation();
  return (
    <DefinitionFacts project={project} definition={lab.definition}>
      <Fact name={t("definition.command")}>
        <code className="mono">{commandText(lab.definition)}</code>
        {lab.definition.uses_shell && <span className="dim"> {t("definition.byShell")}</span>}
      </Fact>
    </DefinitionFacts>
  );
}

const MOST_VALUES = 40;

export function HyperparameterTable({ lab }: { lab: Lab }) {
  const { t } = useTranslation();
  const names = Object.keys(lab.hyperparameters);
  if (names.length === 0)
    return (
      <Text size="sm" className="dim">
        {t("hyper.none")}
      </Text>
    );
  return (
    <dl className={classes.hyper}>
      {names.map((name) => {
        const values = lab.hyperparameters[name] ?? [];
        return (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd>
              {values.slice(0, MOST_VALUES).map((value, index) => (
                <code
                  // biome-ignore lint/suspicious/noArrayIndexKey: two values may be alike.
                  key={index}
                  className={classes.value}
                  data-range={isRange(value) || undefined}
                >
                  {formatScalar(value)}
                </code>
              ))}
              {values.length > MOST_VALUES && (
                <span className="dim">{t("hyper.more", { n: values.length - MOST_VALUES })}</span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
