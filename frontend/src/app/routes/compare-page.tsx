// Tracks beside each other: charts on one grid, what differs, parallel coordinates, scatter. All of it in the address.
import { Button, MultiSelect, SegmentedControl, Select, Slider, Switch, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import "uplot/dist/uPlot.min.css";
import { chosenQuery, columnsQuery, type TrackRow } from "@/api/listing";
import type { Scalar, XKind } from "@/api/types";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { looksOf } from "@/features/compare/lines";
import { OverlayChart } from "@/features/compare/overlay-chart";
import { ParallelView } from "@/features/compare/parallel-view";
import { ScatterView } from "@/features/compare/scatter-view";
import { TrackList } from "@/features/compare/track-list";
import { differs, ValuesTable } from "@/features/compare/values-table";
import { useLiveReload } from "@/features/tracks/use-live-reload";
import { formatValue } from "@/lib/format";
import { useReloadInterval } from "@/lib/preferences";
import { COMPARE_TABS, type CompareSearch, type CompareTab, joinList, splitList } from "@/lib/tracks-state";
import { fromAddress, toAddress } from "@/lib/url-state";
import classes from "./compare-page.module.css";
import { ProjectCrumbs } from "./project-crumbs";
import { SignedInPage } from "./signed-in-page";

const MOST_TRACKS = 100;
const MOST_COLUMNS = 200;
const FIRST_METRICS = 4;
const NO_TRACKS: TrackRow[] = [];

export function ComparePage() {
  const { t } = useTranslation();
  const { project } = useParams({ from: "/p/$project/compare" });
  const search = useSearch({ from: "/p/$project/compare" });
  const navigate = useNavigate({ from: "/p/$project/compare" });
  useLiveReload({ project });
  const refetchInterval = useReloadInterval();
  const facts = useQuery({ ...columnsQuery(project), refetchInterval });
  const ids = useMemo(() => splitList(search.t).slice(0, MOST_TRACKS), [search.t]);
  const columns = useMemo(
    () => (facts.data?.items ?? []).slice(0, MOST_COLUMNS).map(({ name }) => name),
    [facts.data],
  );
  const chosen = useQuery({
    ...chosenQuery(project, ids, columns),
    enabled: ids.length > 0 && facts.data !== undefined,
    refetchInterval,
  });
  const tracks = chosen.data?.items ?? NO_TRACKS;
  const looks = useMemo(() => looksOf(tracks), [tracks]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => tracks.filter((track) => !hidden.has(track.track_id)), [tracks, hidden]);
  const change = useCallback(
    (part: Partial<CompareSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...part }), replace: true }),
    [navigate],
  );
  const onHide = useCallback(
    (id: string) =>
      setHidden((before) => {
        const next = new Set(before);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  const onRemove = useCallback(
    (id: string) => change({ t: joinList(ids.filter((one) => one !== id)) || undefined }),
    [change, ids],
  );

  const present = useMemo(
    () => columns.filter((name) => tracks.some((track) => track.values[name] !== undefined)),
    [columns, tracks],
  );
  const metrics = present.filter(
    (name) => name.startsWith("m.") && tracks.some((track) => typeof track.values[name] === "number"),
  );
  const params = present.filter((name) => name.startsWith("p."));
  const rows = useMemo(
    () => [...present].sort((a, b) => Number(a.startsWith("m.")) - Number(b.startsWith("m."))),
    [present],
  );
  const varying = params.filter((name) => differs(tracks, name));
  const drawn = search.m
    ? splitList(search.m)
    : metrics
        .filter((name) => !name.startsWith("m.system/"))
        .slice(0, FIRST_METRICS)
        .map((name) => name.slice(2));
  const x = search.x ?? "step";
  const lo = fromAddress(x, search.lo);
  const hi = fromAddress(x, search.hi);
  const range = useMemo<[number, number] | null>(
    () => (lo !== undefined && hi !== undefined ? [lo, hi] : null),
    [lo, hi],
  );
  const onRange = useCallback(
    (next: [number, number] | null) =>
      change({ lo: next ? toAddress(x, next[0]) : undefined, hi: next ? toAddress(x, next[1]) : undefined }),
    [change, x],
  );
  const by = search.by;
  const groupOf = useMemo(() => {
    if (!by) return null;
    const values = new Map<string, Scalar | undefined>(
      shown.map((track) => [track.track_id, track.values[by]]),
    );
    return (id: string) => (values.get(id) === undefined ? null : formatValue(values.get(id)));
  }, [by, shown]);
  const tab = search.tab ?? "charts";
  const parallel = [...varying.slice(0, 6), ...metrics.slice(0, 1)];
  const [axes, setAxes] = useState<string[] | null>(null);
  const first = (names: readonly string[]) => names[0];

  const crumbs = <ProjectCrumbs project={project} />;
  const failure = facts.error ?? chosen.error;
  if (ids.length === 0 || (failure && !chosen.data) || !chosen.data || tracks.length === 0) {
    return (
      <SignedInPage crumbs={crumbs}>
        {ids.length === 0 || chosen.data ? (
          <EmptyState title={t("compare.noneTitle")} text={t("compare.none")}>
            <Button
              variant="default"
              renderRoot={(props) => <Link to="/p/$project" params={{ project }} {...props} />}
            >
              {t("compare.choose")}
            </Button>
          </EmptyState>
        ) : failure ? (
          <ErrorPanel error={failure} onRetry={() => void Promise.all([facts.refetch(), chosen.refetch()])} />
        ) : (
          <RowSkeleton rows={8} height={32} />
        )}
      </SignedInPage>
    );
  }
  return (
    <SignedInPage crumbs={crumbs}>
      <div className={classes.page}>
        <aside className={classes.side} aria-label={t("compare.tracks")}>
          <div className={classes.sideHead}>
            <h1>{t("compare.title", { count: tracks.length })}</h1>
            <Link to="/p/$project" params={{ project }}>
              {t("compare.choose")}
            </Link>
          </div>
          {splitList(search.t).length > MOST_TRACKS && (
            <Text size="sm" c="var(--warn)" mb="xs">
              {t("compare.tooMany", { n: MOST_TRACKS })}
            </Text>
          )}
          <TrackList tracks={tracks} looks={looks} hidden={hidden} onHide={onHide} onRemove={onRemove} />
        </aside>
        <Tabs
          className={classes.main}
          keepMounted={false}
          value={tab}
          onChange={(value) => change({ tab: value === "charts" ? undefined : (value as CompareTab) })}
        >
          <Tabs.List mb="md">
            {COMPARE_TABS.map((value) => (
              <Tabs.Tab key={value} value={value}>
                {t(`compare.tab.${value}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="charts">
            <div className={classes.tools}>
              <MultiSelect
                label={t("compare.metrics")}
                searchable
                limit={80}
                maxValues={20}
                style={{ flex: "1 1 260px", maxWidth: 560 }}
                data={metrics.map((name) => name.slice(2))}
                value={drawn}
                onChange={(names) => change({ m: joinList(names) || undefined })}
              />
              <Select
                label={t("compare.groupBy")}
                clearable
                searchable
                limit={80}
                w={190}
                placeholder={t("compare.noGroup")}
                data={params}
                value={by ?? null}
                onChange={(value) => change({ by: value ?? undefined })}
              />
              <ChartTools search={search} onChange={change} />
              {range && (
                <Button variant="default" onClick={() => onRange(null)}>
                  {t("series.reset")}
                </Button>
              )}
            </div>
            {drawn.length === 0 ? (
              <EmptyState title={t("compare.noMetric")} text={t("compare.noMetricText")} />
            ) : (
              <div className={classes.charts}>
                {drawn.map((metric) => (
                  <OverlayChart
                    key={metric}
                    project={project}
                    metric={metric}
                    tracks={tracks}
                    hidden={hidden}
                    looks={looks}
                    groupOf={groupOf}
                    x={x}
                    smoothing={search.smooth ?? 0}
                    isLog={search.ylog ?? false}
                    range={range}
                    refetchInterval={refetchInterval}
                    onRange={onRange}
                  />
                ))}
              </div>
            )}
          </Tabs.Panel>
          <Tabs.Panel value="parameters">
            <ValuesTable tracks={shown} columns={rows} />
          </Tabs.Panel>
          <Tabs.Panel value="parallel">
            <ParallelView
              tracks={shown}
              columns={[...params, ...metrics]}
              chosen={axes ?? parallel}
              onChoose={setAxes}
            />
          </Tabs.Panel>
          <Tabs.Panel value="scatter">
            <ScatterView
              tracks={shown}
              columns={[...params, ...metrics]}
              x={search.sx ?? first(varying) ?? first(params) ?? first(metrics)}
              y={search.sy ?? first(metrics) ?? first(params)}
              onChange={change}
            />
          </Tabs.Panel>
        </Tabs>
      </div>
    </SignedInPage>
  );
}

function ChartTools({
  search,
  onChange,
}: {
  search: CompareSearch;
  onChange: (part: Partial<CompareSearch>) => void;
}) {
  const { t } = useTranslation();
  const [smoothing, setSmoothing] = useState(search.smooth ?? 0);
  useEffect(() => setSmoothing(search.smooth ?? 0), [search.smooth]);
  return (
    <>
      <div className={classes.smoothing}>
        <Text size="sm">
          {t("series.smoothing")} <span className="num dim">{smoothing.toFixed(2)}</span>
        </Text>
        <Slider
          thumbLabel={t("series.smoothing")}
          min={0}
          max={0.99}
          step={0.01}
          label={null}
          value={smoothing}
          onChange={setSmoothing}
          onChangeEnd={(value) => onChange({ smooth: value || undefined })}
        />
      </div>
      <SegmentedControl
        aria-label={t("series.x")}
        value={search.x ?? "step"}
        onChange={(value) =>
          onChange({ x: value === "step" ? undefined : (value as XKind), lo: undefined, hi: undefined })
        }
        data={(["step", "time", "relative"] as const).map((value) => ({
          value,
          label: t(`series.${value}`),
        }))}
      />
      <Switch
        label={t("series.logY")}
        pb={8}
        checked={search.ylog ?? false}
        onChange={(event) => onChange({ ylog: event.currentTarget.checked || undefined })}
      />
    </>
  );
}
