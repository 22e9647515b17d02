// A definition as it is read: code, environment, variables, limits; only what is set.
import { Code } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { archivesQuery, type LabDefinition } from "@/api/labs";
import { Fact, Facts } from "@/components/fact";
import { formatBytes, formatCount, formatDuration } from "@/lib/format";
import classes from "./definition.module.css";

interface Props {
  project: string;
  definition: Pick<LabDefinition, "environment" | "variables" | "limits"> & {
    code?: LabDefinition["code"] | null;
  };
  /** What stands first: the command, if there is one. */
  children?: ReactNode;
}

export function DefinitionFacts({ project, definition, children }: Props) {
  const { t, i18n } = useTranslation();
  const { code, environment, variables, limits } = definition;
  return (
    <Facts className={classes.shown}>
      {children}
      {code && (
        <Fact name={t(`definition.code.${code.kind}`)}>
          <CodeText project={project} code={code} />
        </Fact>
      )}
      {environment.python && (
        <Fact name={t("definition.python")}>
          <span className="mono">{environment.python}</span>
        </Fact>
      )}
      {environment.requirements && (
        <Fact name={t("definition.requirements")}>
          <span className="mono">{environment.requirements}</span>
        </Fact>
      )}
      {environment.pod.image && (
        <Fact name={t("pod.image")}>
          <span className="mono">{environment.pod.image}</span>
        </Fact>
      )}
      {environment.pod.gpus > 0 && <Fact name={t("pod.gpus")}>{environment.pod.gpus}</Fact>}
      {Object.keys(variables).length > 0 && (
        <Fact name={t("definition.variables")}>
          {Object.entries(variables).map(([name, value]) => (
            <div key={name} className="mono">
              {name}={value}
            </div>
          ))}
        </Fact>
      )}
      {(limits.memory_mb > 0 || limits.cpu_s > 0) && (
        <Fact name={t("definition.limits")}>
          {[
            limits.memory_mb > 0 &&
              t("definition.memoryOf", { n: formatCount(limits.memory_mb, i18n.language) }),
            limits.cpu_s > 0 && t("definition.cpuOf", { time: formatDuration(limits.cpu_s) }),
          ]
            .filter(Boolean)
            .join(", ")}
        </Fact>
      )}
    </Facts>
  );
}

function CodeText({ project, code }: { project: string; code: LabDefinition["code"] }) {
  if (code.kind === "folder") return <span className="mono">{code.path}</span>;
  if (code.kind === "archive") return <ArchiveText project={project} id={code.archive_id} />;
  return (
    <span className="mono">
      {code.url} {code.revision && <Code>{code.revision}</Code>}
    </span>
  );
}

function ArchiveText({ project, id }: { project: string; id: string }) {
  const archives = useQuery(archivesQuery(project));
  const found = archives.data?.items.find((archive) => archive.archive_id === id);
  return <span className="mono">{found ? `${found.name} (${formatBytes(found.size_bytes)})` : id}</span>;
}
