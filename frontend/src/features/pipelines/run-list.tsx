// The runs of a pipeline, newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { type Run, runsQuery } from "@/api/pipelines";
import { ErrorPanel } from "@/components/error-panel";
import { LoadMore } from "@/components/load-more";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatAgo, formatDate } from "@/lib/format";
import { useJobsInterval } from "@/lib/preferences";
import classes from "./run-list.module.css";

interface Props {
  pipelineId: string;
  empty: ReactNode;
  link: (run: Run) => ReactNode;
  state: (run: Run) => ReactNode;
  track: (run: Run) => ReactNode;
}

export function RunList({ pipelineId, empty, link, state, track }: Props) {
  const { t, i18n } = useTranslation();
  const answer = useInfiniteQuery({ ...runsQuery(pipelineId), refetchInterval: useJobsInterval() });
  const items = answer.data?.pages.flatMap((page) => page.items);
  if (answer.isError && !items)
    return <ErrorPanel error={answer.error} onRetry={() => void answer.refetch()} />;
  if (!items) return <RowSkeleton rows={3} height={28} />;
  if (items.length === 0) return empty;
  return (
    <>
      <div className="scroll-x">
        <table className="rows">
          <thead>
            <tr>
              <th>{t("run.number")}</th>
              <th>{t("column.status")}</th>
              <th className="phone-hidden">{t("run.comment")}</th>
              <th className="phone-hidden">{t("submission.by")}</th>
              <th>{t("run.when")}</th>
              <th className="phone-hidden">{t("run.track")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((run) => (
              <tr key={run.run_number}>
                <td className="num">{link(run)}</td>
                <td>{state(run)}</td>
                <td className={`phone-hidden ${classes.comment}`} title={run.comment}>
                  {run.comment || <span className="dim">–</span>}
                </td>
                <td className="phone-hidden">{run.created_by}</td>
                <td className="num" title={formatDate(run.created_at, i18n.language)}>
                  {formatAgo(run.created_at, i18n.language)}
                </td>
                <td className="phone-hidden">{track(run) || <span className="dim">–</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <LoadMore answer={answer} size="xs" />
    </>
  );
}
