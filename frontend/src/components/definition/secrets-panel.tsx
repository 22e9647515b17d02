// Secret variables: their names can be seen, their values only be set anew.
import { ActionIcon, Button, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { IconKey, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { deleteSecret, putSecret, type SecretOwner, secretsQuery } from "@/api/secrets";
import { errorText } from "@/components/error-panel";
import { formatAgo } from "@/lib/format";
import classes from "./definition.module.css";
import { isVariable } from "./variables-fields";

export function SecretsPanel({ owner }: { owner: SecretOwner }) {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const secrets = useQuery(secretsQuery(owner));
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: secretsQuery(owner).queryKey });
  const put = useMutation({
    mutationFn: () => putSecret(owner, name, value),
    onSuccess: () => {
      setName("");
      setValue("");
      return onSuccess();
    },
  });
  const remove = useMutation({ mutationFn: (one: string) => deleteSecret(owner, one), onSuccess });
  const isBad = name !== "" && !isVariable(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isBad) put.mutate();
  };
  const failed = put.error ?? remove.error ?? secrets.error;
  return (
    <Stack gap="sm">
      <Text size="sm" className="dim">
        {t("secret.lead")}
      </Text>
      {(secrets.data?.items.length ?? 0) > 0 && (
        <ul className={classes.secrets}>
          {secrets.data?.items.map((secret) => (
            <li key={secret.name}>
              <IconKey size={16} aria-hidden />
              <span className="mono cut">{secret.name}</span>
              <span className="dim">
                {t("secret.set", { when: formatAgo(secret.created_at, i18n.language) })}
              </span>
              <ActionIcon
                aria-label={t("secret.remove", { name: secret.name })}
                onClick={() => remove.mutate(secret.name)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={submit}>
        <Group gap="xs" align="flex-start">
          <TextInput
            aria-label={t("secret.name")}
            placeholder="HF_TOKEN"
            classNames={{ input: "mono" }}
            style={{ flex: "1 1 150px" }}
            value={name}
            error={isBad ? t("definition.variableBad") : undefined}
            onChange={({ currentTarget }) => setName(currentTarget.value.trim())}
          />
          <PasswordInput
            aria-label={t("secret.value")}
            placeholder={t("definition.value")}
            autoComplete="new-password"
            style={{ flex: "2 1 180px" }}
            value={value}
            onChange={({ currentTarget }) => setValue(currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("secret.show") }}
          />
          <Button
            type="submit"
            variant="default"
            loading={put.isPending}
            disabled={isBad || name === "" || value === ""}
          >
            {t("secret.put")}
          </Button>
        </Group>
      </form>
      {failed && (
        <Text c="var(--danger)" size="sm" role="alert">
          {errorText(failed)}
        </Text>
      )}
    </Stack>
  );
}
