// Submit jobs again: as they were, or with some values changed. A value that is left alone stays.
import { Button, Fieldset, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Params } from "@/api/jobs";
import type { SubmissionDetail } from "@/api/labs";
import { errorText } from "@/components/error-panel";
import { formatScalar, parseScalar } from "@/lib/scalars";

interface Props {
  title: string;
  text: string;
  /** The values of each job that is submitted again. */
  params: readonly Params[];
  resubmit: (changed: Params) => Promise<SubmissionDetail>;
  onSubmitted: (submission: SubmissionDetail) => void;
  onClose: () => void;
}

export function ResubmitDialog({ title, text, params, resubmit, onSubmitted, onClose }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [typed, setTyped] = useState<Record<string, string>>({});
  const names = [...new Set(params.flatMap((one) => Object.keys(one)))];
  const changed = Object.fromEntries(
    Object.entries(typed)
      .filter(([, value]) => value.trim() !== "")
      .map(([name, value]) => [name, parseScalar(value)]),
  );
  const submit = useMutation({
    mutationFn: () => resubmit(changed),
    onSuccess: (submission) => {
      void queryClient.invalidateQueries({ queryKey: ["submissions"] });
      void queryClient.invalidateQueries({ queryKey: ["tracks"] });
      onClose();
      onSubmitted(submission);
    },
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    submit.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={onSubmit}>
        <Stack>
          <Text>{text}</Text>
          {names.length > 0 && (
            <Fieldset legend={t("resubmit.values")}>
              <Stack gap="xs">
                {names.map((name) => (
                  <TextInput
                    key={name}
                    label={name}
                    placeholder={heldBy(params, name)}
                    value={typed[name] ?? ""}
                    onChange={({ currentTarget: { value } }) =>
                      setTyped((before) => ({ ...before, [name]: value }))
                    }
                  />
                ))}
              </Stack>
            </Fieldset>
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
            <Button type="submit" data-autofocus loading={submit.isPending}>
              {t("resubmit.button")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const MOST_VALUES = 4;

/** What the jobs have of a name now: "0.1, 0.01". */
function heldBy(params: readonly Params[], name: string): string {
  const values = [...new Set(params.flatMap((one) => (name in one ? [formatScalar(one[name] ?? "")] : [])))];
  const shown = values.slice(0, MOST_VALUES).join(", ");
  return values.length > MOST_VALUES ? `${shown}, …` : shown;
}
