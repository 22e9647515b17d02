// Creates a token and shows it this once, with the two lines a training needs.
import { Alert, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { createToken, tokensQuery } from "@/api/accounts";
import { CodeBlock } from "@/components/copy-text";
import { errorText } from "@/components/error-panel";

const NEVER = "0";
const DAYS = [30, 90, 365];

export function CreateTokenDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [days, setDays] = useState<string>(NEVER);
  const create = useMutation({
    mutationFn: () => createToken({ name, expires_in_days: days === NEVER ? undefined : Number(days) }),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  const close = () => {
    onClose();
    setName("");
    // The secret leaves the page's memory with the dialog.
    create.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const backend = new URL(".", document.baseURI).toString().replace(/\/$/, "");
  if (create.data) {
    const { token } = create.data;
    return (
      <Modal
        opened={isOpen}
        onClose={close}
        title={t("tokens.newTitle")}
        size="lg"
        closeOnClickOutside={false}
      >
        <Stack>
          <Alert color="yellow" variant="outline" p="sm">
            {t("tokens.newText")}
          </Alert>
          <CodeBlock code={token} />
          <Text size="sm">{t("tokens.newExports")}</Text>
          <CodeBlock code={`export MLSTEAM_API_TOKEN=${token}\nexport MLSTEAM_BACKEND=${backend}`} />
          <Group justify="flex-end">
            <Button onClick={close}>{t("app.close")}</Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened={isOpen} onClose={close} title={t("tokens.createTitle")}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t("tokens.name")}
            placeholder={t("tokens.namePlaceholder")}
            required
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label={t("tokens.expires")}
            allowDeselect={false}
            value={days}
            onChange={(value) => setDays(value ?? NEVER)}
            data={[
              { value: NEVER, label: t("tokens.never") },
              ...DAYS.map((n) => ({ value: String(n), label: t("tokens.days", { n }) })),
            ]}
          />
          {create.isError && (
            <Text c="var(--danger)" size="sm" role="alert">
              {errorText(create.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" loading={create.isPending} disabled={name.trim() === ""}>
              {t("app.ok")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
