// What one should know of a track: notes, times, where its code comes from, on what it ran, who logged to it.

import { Anchor, Button, SimpleGrid } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { valuesQuery } from "@/api/folders";
import { hasEnded, type JobDetail } from "@/api/jobs";
import { writersQuery } from "@/api/tracks";
import type { Scalar, Track } from "@/api/types";
import { CodeBlock, CopyIcon } from "@/components/copy-text";
import { Fact } from "@/components/fact";
import { PartBoundary } from "@/components/part-boundary";
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDate,
  formatDuration,
  formatValue,
  trackSeconds,
} from "@/lib/format";
import { useReloadInterval } from "@/lib/preferences";
import { EditTrackDialog } from "./dialogs";
import classes from "./track-facts.module.css";

// Markdown is a big parser, and most tracks have no notes.
const Notes = lazy(() => import("./track-notes"));

interface Props {
  track: Track;
  /** Of a track that Track itself started. */
  job: JobDetail | undefined;
  onOpen: (key: string) => void;
}

export function TrackFacts({ track, job, mayEdit, onOpen }: Props & { mayEdit: boolean }) {
  const { t } = useTranslation();
  const [isEditing, { open, close }] = useDisclosure(false);
  return (
    <div>
      <section className={classes.notes} aria-label={t("track.notes")}>
        {track.notes ? (
          <PartBoundary name={track.notes}>
            <Suspense fallback={<NotesToCome text={track.notes} />}>
              <Notes text={track.notes} />
            </Suspense>
          </PartBoundary>
        ) : null}
        {mayEdit && (
          <Button size="compact-sm" variant="subtle" ml={-8} onClick={open}>
            {track.notes ? t("track.editNotes") : t("track.addNotes")}
          </Button>
        )}
      </section>
      <SimpleGrid cols={{ base: 1, md: 3 }} spacing="md">
        <TimeCard track={track} hasBegun={!job || job.started_at !== null} />
        <SourceCard track={track} job={job} onOpen={onOpen} />
        <PlaceCard track={track} job={job} onOpen={onOpen} />
      </SimpleGrid>
      <EditTrackDialog track={track} isOpen={isEditing} onClose={close} />
    </div>
  );
}

/** As tall as the notes will be, more or less. */
function NotesToCome({ text }: { text: string }) {
  return <div style={{ height: 26 * text.trim().split("\n").length }} />;
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={`card ${classes.card}`}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Why nothing was noted: what a user can do about it, or that nothing needs to be done. */
function Unknown({ job, text, code }: { job: JobDetail | undefined; text: string; code: string }) {
  const { t } = useTranslation();
  if (job) return <p className="dim">{t(hasEnded(job.state) ? "facts.nothing" : "facts.pending")}</p>;
  return (
    <>
      <p className="dim">{text}</p>
      <CodeBlock code={code} />
    </>
  );
}

function TimeCard({ track, hasBegun }: { track: Track; hasBegun: boolean }) {
  const { t, i18n } = useTranslation();
  const started = track.started_at ?? track.created_at;
  const isSilent = track.status === "running" && !track.has_signal;
  const end = track.ended_at ?? (isSilent ? track.last_seen_at : null);
  return (
    <Card title={t("facts.track")}>
      <dl>
        {hasBegun && <Fact name={t("facts.started")}>{formatDate(started, i18n.language)}</Fact>}
        {track.ended_at && <Fact name={t("facts.ended")}>{formatDate(track.ended_at, i18n.language)}</Fact>}
        {hasBegun && <Fact name={t("column.duration")}>{formatDuration(trackSeconds(started, end))}</Fact>}
        {track.last_seen_at && !track.ended_at && (
          <Fact name={t("facts.lastSignal")}>
            <span style={isSilent ? { color: "var(--warn)" } : undefined}>
              {formatAgo(track.last_seen_at, i18n.language)}
            </span>
          </Fact>
        )}
        <Fact name={t("facts.by")}>
          {track.created_by} · {originText(track.origin, t)}
        </Fact>
        <Fact name={t("facts.id")}>
          <span className={classes.copy}>
            <span className="mono cut">{track.track_id}</span>
            <CopyIcon value={track.track_id} />
          </span>
        </Fact>
      </dl>
    </Card>
  );
}

function originText(origin: string, t: TFunction): string {
  if (origin === "client") return t("facts.origin.client");
  if (origin === "lab") return t("facts.origin.submission");
  if (origin.startsWith("pipeline")) return t("facts.origin.pipeline");
  return origin;
}

const text = (value: Scalar | undefined) => (value === undefined || value === null ? "" : String(value));

function SourceCard({ track, job, onOpen }: Props) {
  const { t } = useTranslation();
  const answer = useQuery({ ...valuesQuery(track.track_id, "source"), refetchInterval: useReloadInterval() });
  const values = answer.data?.values ?? {};
  const commit = text(values["source/git/commit"]);
  const command = text(values["source/command"]);
  const isKnown = Object.keys(values).length > 0;
  return (
    <Card title={t("facts.source")}>
      {answer.data && !isKnown && (
        <Unknown job={job} text={t("facts.sourceEmpty")} code="mlsteam.init(capture_source=True)" />
      )}
      <dl>
        {commit && (
          <Fact name={t("facts.commit")}>
            <span className={classes.copy}>
              <span className="mono">{commit.slice(0, 12)}</span>
              <CopyIcon value={commit} />
            </span>
            {text(values["source/git/branch"])}
          </Fact>
        )}
        {values["source/git/is_dirty"] === true && (
          <Fact name={t("facts.changes")}>
            <Anchor component="button" fz="inherit" onClick={() => onOpen("source/git/diff.patch")}>
              {t("facts.diff")}
            </Anchor>
          </Fact>
        )}
        {values["source/git/remote"] && (
          <Fact name={t("facts.remote")}>{text(values["source/git/remote"])}</Fact>
        )}
        {command && (
          <Fact name={t("facts.command")}>
            <span className={classes.copy}>
              <span className={`mono ${classes.command}`}>{command}</span>
              <CopyIcon value={command} />
            </span>
          </Fact>
        )}
        {values["source/folder"] && (
          <Fact name={t("facts.folder")}>
            <span className="mono">{text(values["source/folder"])}</span>
          </Fact>
        )}
        {values["source/python"] && (
          <Fact name={t("facts.python")}>
            {text(values["source/python"])}{" "}
            <Anchor component="button" fz="inherit" onClick={() => onOpen("source/packages.txt")}>
              {t("facts.packages")}
            </Anchor>
          </Fact>
        )}
      </dl>
    </Card>
  );
}

function PlaceCard({ track, job, onOpen }: Props) {
  const { t, i18n } = useTranslation();
  const refetchInterval = useReloadInterval();
  const answer = useQuery({ ...valuesQuery(track.track_id, "system"), refetchInterval });
  const writers = useQuery({ ...writersQuery(track.track_id), refetchInterval });
  const values = answer.data?.values ?? {};
  const isKnown = Object.keys(values).length > 0;
  const nLost = (writers.data?.losses ?? []).reduce((sum, loss) => sum + loss.count, 0);
  const gpus = Object.keys(values).filter((key) =>
    /^system\/gpu\/?\d*\/?name$|^system\/gpu.*\/name$/.test(key),
  );
  const exitCode = values["system/exit_code"];
  return (
    <Card title={t("facts.machine")}>
      {answer.data && !isKnown && (
        <Unknown job={job} text={t("facts.machineEmpty")} code="mlsteam.init(capture_system=True)" />
      )}
      <dl>
        {values["system/host"] && <Fact name={t("facts.host")}>{text(values["system/host"])}</Fact>}
        {values["system/os"] && <Fact name={t("facts.os")}>{text(values["system/os"])}</Fact>}
        {values["system/cpu/count"] && (
          <Fact name={t("facts.cpu")}>
            {text(values["system/cpu/usable"] ?? values["system/cpu/count"])} ×{" "}
            {text(values["system/cpu/model"])}
          </Fact>
        )}
        {typeof values["system/memory/total_bytes"] === "number" && (
          <Fact name={t("facts.memory")}>{formatBytes(values["system/memory/total_bytes"])}</Fact>
        )}
        {gpus.map((key) => (
          <Fact key={key} name="GPU">
            {text(values[key])}
          </Fact>
        ))}
        {exitCode !== undefined && <Fact name={t("facts.exitCode")}>{formatValue(exitCode)}</Fact>}
        {isKnown && (
          <Fact name={t("facts.load")}>
            <Anchor component="button" fz="inherit" ta="start" onClick={() => onOpen("system")}>
              {t("facts.systemCharts")}
            </Anchor>
          </Fact>
        )}
        {writers.data && (
          <Fact name={t("facts.writers")}>
            {writers.data.writers.length === 0 ? (
              t("facts.noWriters")
            ) : (
              <details>
                <summary>{t("facts.nWriters", { count: writers.data.writers.length })}</summary>
                <ul className={classes.writers}>
                  {writers.data.writers.map((one) => (
                    <li key={one.writer}>
                      <span className="mono">{one.writer.slice(0, 8)}</span>{" "}
                      {t("facts.batches", { count: one.n_batches })} · {formatAgo(one.last_at, i18n.language)}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </Fact>
        )}
        {writers.data && nLost > 0 && (
          <Fact name={t("facts.lost")}>
            <details style={{ color: "var(--warn)" }}>
              <summary>{t("facts.nLost", { count: nLost, n: formatCount(nLost, i18n.language) })}</summary>
              <ul className={classes.writers}>
                {writers.data.losses.map((loss) => (
                  <li key={`${loss.key} ${loss.first_at}`}>
                    {loss.key}: {loss.count} ({loss.reason}), {formatDate(loss.first_at, i18n.language)}
                  </li>
                ))}
              </ul>
            </details>
          </Fact>
        )}
      </dl>
    </Card>
  );
}
