// The sign-in page. A one-time link's token travels in the fragment, is posted once and removed from the address.
import { Loader, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { signInByLink } from "@/api/accounts";
import { SignInForm } from "@/features/accounts/sign-in-form";

// Read when the module loads and only once: React may run an effect twice, and a one-time token works once.
let linkToken: string | null = null;

function takeLinkToken(): string | null {
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token");
  if (token)
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  return token;
}
linkToken = takeLinkToken();

export function SignInPage() {
  const { t } = useTranslation();
  const { next } = useSearch({ from: "/sign-in" });
  const router = useRouter();
  const queryClient = useQueryClient();
  const goOn = () => {
    queryClient.clear();
    router.history.push(next ?? router.buildLocation({ to: "/projects" }).href);
  };
  const byLink = useMutation({ mutationFn: signInByLink, onSuccess: goOn });
  const { mutate } = byLink;
  useEffect(() => {
    const token = linkToken ?? takeLinkToken();
    linkToken = null;
    if (token) mutate(token);
  }, [mutate]);

  return (
    <main id="main" className="main" tabIndex={-1}>
      <Stack mih="100%" align="center" justify="center" p="md">
        <div className="card" style={{ width: "100%", maxWidth: 380, padding: 32 }}>
          <Stack gap="xs" mb="lg">
            <img src="favicon.svg" alt="" width={36} height={36} />
            <Title order={1}>{t("app.name")}</Title>
            <Text className="dim" size="sm">
              {t("signIn.lead")}
            </Text>
          </Stack>
          {byLink.isPending ? (
            <Stack align="center" role="status">
              <Loader />
              <Text>{t("signIn.byLink")}</Text>
            </Stack>
          ) : (
            <SignInForm notice={byLink.isError ? t("signIn.linkExpired") : null} onSignedIn={goOn} />
          )}
        </div>
      </Stack>
    </main>
  );
}
