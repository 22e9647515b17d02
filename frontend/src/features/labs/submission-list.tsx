// The submissions of a lab, newest first, with how far their jobs are.
import { Group, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { type Submission, submissionsQuery } from "@/api/labs";
import { ErrorPanel } from "@/components/error-panel";
import { LoadMore } from "@/components/load-more";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatAgo, formatDate } from "@/lib/format";
import { useJobsInterval } from "@/lib/preferences";

interface Props {
  labId: string;
  empty: ReactNode;
  link: (submission: Submission) => ReactNode;
  states: (submission: Submission) => ReactNode;
}

export function SubmissionList({ labId, empty, link, states }: Props) {
  const { t, i18n } = useTranslation();
  const answer = useInfiniteQuery({ ...submissionsQuery(labId), refetchInterval: useJobsInterval() });
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
              <th>{t("submission.number")}</th>
              <th>{t("submission.jobs")}</th>
              <th className="phone-hidden">{t("submission.by")}</th>
              <th>{t("submission.when")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.submission_id}>
                <td className="num">{link(one)}</td>
                <td>
                  <Group gap="sm">
                    {states(one)}
                    {one.objective !== null && (
                      <Text size="sm" className="dim">
                        {t("submission.search")} <code className="mono">{one.objective}</code>
                      </Text>
                    )}
                  </Group>
                </td>
                <td className="phone-hidden">{one.created_by}</td>
                <td className="num" title={formatDate(one.created_at, i18n.language)}>
                  {formatAgo(one.created_at, i18n.language)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <LoadMore answer={answer} size="xs" />
    </>
  );
}
