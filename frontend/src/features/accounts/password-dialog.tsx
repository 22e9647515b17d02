// Sets or changes the password of the signed-in user.
import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { meQuery, setPassword } from "@/api/accounts";
import { errorText } from "@/components/error-panel";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  asksCurrent: boolean;
}

export function PasswordDialog({ isOpen, onClose, asksCurrent }: Props) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const save = useMutation({
    mutationFn: () => setPassword(asksCurrent ? { current, new: wanted } : { new: wanted }),
    onSuccess: () => {
      notifications.show({ message: t("account.passwordSaved") });
      void queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
      setCurrent("");
      setWanted("");
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("account.setPassword")}>
      <form onSubmit={submit}>
        <Stack>
          {asksCurrent && (
            <PasswordInput
              label={t("account.currentPassword")}
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
            />
          )}
          <PasswordInput
            label={t("account.newPassword")}
            description={t("account.passwordHint")}
            autoComplete="new-password"
            required
            minLength={8}
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
          />
          {save.isError && (
            <Text c="var(--danger)" size="sm" role="alert">
              {errorText(save.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("app.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
