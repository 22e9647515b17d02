// Submit: which combinations, what they make, and SUBMIT, which opens a new window with the jobs as tracks.
import { Alert, Button, Group, Loader, Modal, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type JobRules, jobRulesQuery } from "@/api/jobs";
import { type Choice, type Lab, previewQuery, submitLab } from "@/api/labs";
import { errorText } from "@/components/error-panel";
import { formatCount } from "@/lib/format";
import { type NewWindow, openWindow, pageUrl } from "@/lib/new-window";
import { ChoiceFields } from "./choice-fields";
import { CombinationTable } from "./combination-table";
import classes from "./labs.module.css";
import { SearchSpace } from "./search-space";

const TYPING_MS = 250;

interface Props {
  lab: Lab;
  project: string;
  onClose: () => void;
}

export function SubmitDialog({ lab, project, onClose }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [choice, setChoice] = useState<Choice>({ kind: "grid", hyperparameters: lab.hyperparameters });
  const [asked] = useDebouncedValue(choice, TYPING_MS);
  // Of a search that is for nothing yet there is nothing to ask.
  const isReady = asked.kind !== "search" || Boolean(asked.search?.objective);
  const preview = useQuery({ ...previewQuery(lab.lab_id, asked), enabled: isReady });
  const rules = useQuery(jobRulesQuery);
  const [blocked, setBlocked] = useState("");
  const submit = useMutation({
    mutationFn: ({ chosen }: { chosen: Choice; opened: NewWindow | null }) => submitLab(lab.lab_id, chosen),
    onSuccess: (submission, { opened }) => {
      for (const noun of ["submissions", "tracks", "job-rules"])
        void queryClient.invalidateQueries({ queryKey: [noun] });
      const url = pageUrl("p", project, "submissions", submission.submission_id);
      if (!opened) {
        setBlocked(url);
        return;
      }
      opened.go(url);
      onClose();
    },
    onError: (_, { opened }) => opened?.close(),
  });
  // What is shown must be what is submitted.
  const isSettled = isReady && asked === choice && !preview.isPlaceholderData && preview.isSuccess;
  const isSearch = choice.kind === "search";
  const runners = rules.data?.runners.filter((runner) => runner.is_alive) ?? [];
  const cannotSearch = isSearch && runners.length > 0 && !runners.some((runner) => runner.can_search);
  const canSubmit = isSettled && !preview.data.problem && preview.data.n_jobs > 0 && !cannotSearch;
  if (blocked) return <BlockedDialog url={blocked} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title={t("lab.submit")} size={760}>
      <Stack gap="md">
        <ChoiceFields lab={lab} project={project} choice={choice} onChange={setChoice} />
        <div className={classes.preview} aria-busy={!isSettled}>
          {!isReady ? (
            <Text size="sm" className="dim">
              {t("search.nothingYet")}
            </Text>
          ) : preview.isError ? (
            <Text c="var(--danger)" size="sm" role="alert">
              {errorText(preview.error)}
            </Text>
          ) : preview.data ? (
            <>
              <JobCount preview={preview.data} kind={choice.kind} isSettled={isSettled} />
              {!preview.data.problem &&
                (isSearch ? (
                  <SearchSpace dimensions={preview.data.dimensions} />
                ) : (
                  <CombinationTable combinations={preview.data.combinations} />
                ))}
            </>
          ) : (
            <Loader size="sm" />
          )}
        </div>
        {cannotSearch ? (
          <Alert color="yellow" variant="outline" p="sm">
            {t("search.unavailable")}
          </Alert>
        ) : (
          rules.data && <PlacesNote rules={rules.data} nJobs={nAtOnce(choice, preview.data?.n_jobs)} />
        )}
        {submit.isError && (
          <Text c="var(--danger)" size="sm" role="alert">
            {errorText(submit.error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button
            disabled={!canSubmit}
            loading={submit.isPending}
            onClick={() => submit.mutate({ chosen: choice, opened: openWindow(t("submit.opening")) })}
          >
            {t("submit.button")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** A search has no more than a few in the queue. */
const nAtOnce = (choice: Choice, nJobs = 0) =>
  choice.kind === "search" ? Math.min(nJobs, choice.search?.n_parallel ?? nJobs) : nJobs;

interface CountProps {
  preview: { n_grid: number; n_jobs: number; max_jobs: number; problem: string };
  kind: Choice["kind"];
  isSettled: boolean;
}

function JobCount({ preview, kind, isSettled }: CountProps) {
  const { t, i18n } = useTranslation();
  const count = (n: number) => formatCount(n, i18n.language);
  if (preview.problem)
    return (
      <Alert color="red.8" variant="outline" p="sm" role="alert">
        {preview.n_jobs > preview.max_jobs
          ? t("submit.tooMany", { n: count(preview.n_jobs), most: count(preview.max_jobs) })
          : preview.problem}
      </Alert>
    );
  return (
    <Group gap="xs" role="status" mih={24}>
      <Text fw={600} className="num">
        {t(kind === "search" ? "search.upTo" : "submit.jobs", {
          count: preview.n_jobs,
          n: count(preview.n_jobs),
        })}
      </Text>
      {kind === "random" && preview.n_jobs < preview.n_grid && (
        <Text size="sm" className="dim num">
          {t("submit.ofGrid", { n: count(preview.n_grid) })}
        </Text>
      )}
      {!isSettled && <Loader size={14} />}
    </Group>
  );
}

/** Whether they will start at once, wait, or find nobody to run them. */
function PlacesNote({ rules, nJobs }: { rules: JobRules; nJobs: number }) {
  const { t } = useTranslation();
  const alive = rules.runners.filter((runner) => runner.is_alive);
  if (alive.length === 0)
    return (
      <Alert color="yellow" variant="outline" p="sm">
        {t("submit.noRunner")}
      </Alert>
    );
  const nPlaces = alive.reduce((sum, runner) => sum + runner.max_jobs, 0);
  const nFree = Math.max(0, nPlaces - rules.n_busy);
  return (
    <Text size="sm" className="dim">
      {nJobs <= nFree ? t("submit.startNow") : t("submit.startLater", { free: nFree, places: nPlaces })}
    </Text>
  );
}

function BlockedDialog({ url, onClose }: { url: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={t("submit.done")}>
      <Stack>
        <Text>{t("submit.blocked")}</Text>
        <Group justify="flex-end">
          <Button component="a" href={url} target="_blank" data-autofocus onClick={onClose}>
            {t("submit.open")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
