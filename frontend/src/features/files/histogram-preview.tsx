// Counts between edges, as bars.
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { fileTextQuery } from "@/api/files";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatNumber } from "@/lib/format";
import type { FileProps } from "./file-preview";
import { readHistogram } from "./histogram";
import { StepSlider } from "./step-slider";
import TreePreview from "./tree-preview";

const WIDTH = 800;
const HEIGHT = 260;
const FOOT = 22;

interface Props extends FileProps {
  onOpen: (key: string, isStep?: boolean) => void;
}

export default function HistogramPreview({ trackId, fileKey, leaf, onOpen }: Props) {
  const { t } = useTranslation();
  const text = useQuery({
    ...fileTextQuery(trackId, fileKey, leaf.sha256),
    placeholderData: (before) => before,
  });
  if (text.isError) return <ErrorPanel error={text.error} onRetry={() => void text.refetch()} />;
  if (text.data === undefined) return <RowSkeleton rows={6} height={16} />;
  const histogram = readHistogram(text.data);
  if (!histogram) return <TreePreview text={text.data} form="json" />;
  const { counts, edges } = histogram;
  const most = Math.max(...counts, 1);
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const place = (edge: number) => ((edge - low) / (high - low || 1)) * WIDTH;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const summary = t("file.histogram", {
    n: formatNumber(total),
    low: formatNumber(low),
    high: formatNumber(high),
  });
  return (
    <div>
      <StepSlider trackId={trackId} fileKey={fileKey} onOpen={onOpen} />
      <div className="card" style={{ padding: 16 }}>
        <Text size="sm" className="dim" mb="xs">
          {summary}
        </Text>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + FOOT}`} width="100%" role="img" aria-label={summary}>
          {counts.map((count, index) => {
            const left = place(edges[index] ?? low);
            const right = place(edges[index + 1] ?? high);
            const height = (count / most) * HEIGHT;
            return (
              <rect
                key={edges[index]}
                x={left + 0.5}
                width={Math.max(0.5, right - left - 1)}
                y={HEIGHT - height}
                height={height}
                fill="var(--line-0)"
              >
                <title>
                  {formatNumber(edges[index] ?? 0)} – {formatNumber(edges[index + 1] ?? 0)}:{" "}
                  {formatNumber(count)}
                </title>
              </rect>
            );
          })}
          {[0, 0.25, 0.5, 0.75, 1].map((share) => (
            <text
              key={share}
              x={share * WIDTH}
              y={HEIGHT + FOOT - 6}
              fontSize={12}
              fill="var(--dim)"
              textAnchor={share === 0 ? "start" : share === 1 ? "end" : "middle"}
            >
              {formatNumber(low + (high - low) * share)}
            </text>
          ))}
        </svg>
      </div>
    </div>
  );
}
