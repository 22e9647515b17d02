// Name and password, or a one-time link that was already read from the address.
import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { signIn } from "@/api/accounts";
import { ApiError } from "@/api/client";
import { errorText } from "@/components/error-panel";

export function SignInForm({ notice, onSignedIn }: { notice: string | null; onSignedIn: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [isCaps, setCaps] = useState(false);
  const attempt = useMutation({ mutationFn: () => signIn({ name, password }), onSuccess: onSignedIn });
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate();
  };
  const refusal = attempt.error;
  const message =
    refusal instanceof ApiError && refusal.status === 401
      ? t("signIn.wrong")
      : refusal instanceof ApiError && refusal.status === 429
        ? t("signIn.tooMany", { seconds: String(refusal.context.retry_after_s ?? 60) })
        : refusal
          ? errorText(refusal)
          : notice;
  return (
    <form onSubmit={submit}>
      <Stack>
        {message && (
          <Alert role="alert" color="red" variant="outline" p="sm">
            {message}
          </Alert>
        )}
        <TextInput
          label={t("signIn.name")}
          autoComplete="username"
          autoCapitalize="none"
          required
          ref={first}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("signIn.password")}
          autoComplete="current-password"
          required
          value={password}
          description={isCaps ? t("signIn.caps") : undefined}
          inputWrapperOrder={["label", "input", "description", "error"]}
          onKeyUp={(event) => setCaps(event.getModifierState("CapsLock"))}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={attempt.isPending} fullWidth mt="xs">
          {t("signIn.submit")}
        </Button>
      </Stack>
    </form>
  );
}
