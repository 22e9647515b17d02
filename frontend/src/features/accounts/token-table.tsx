// Tokens as rows, each with its way to be revoked.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { revokeToken, tokensQuery } from "@/api/accounts";
import type { ApiToken } from "@/api/types";
import { errorText } from "@/components/error-panel";
import { formatAgo, formatDate } from "@/lib/format";

export function TokenTable({ tokens }: { tokens: readonly ApiToken[] }) {
  const { t, i18n } = useTranslation();
  const [asked, setAsked] = useState<ApiToken | null>(null);
  return (
    <div className="card scroll-x">
      <table className="rows">
        <thead>
          <tr>
            <th>{t("tokens.name")}</th>
            <th className="phone-hidden">{t("tokens.scope")}</th>
            <th className="phone-hidden">{t("tokens.created")}</th>
            <th>{t("tokens.lastUsed")}</th>
            <th className="phone-hidden">{t("tokens.expires")}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.token_id}>
              <td style={{ fontWeight: 500 }}>{token.name}</td>
              <td className="phone-hidden">{token.scope}</td>
              <td className="phone-hidden">{formatAgo(token.created_at, i18n.language)}</td>
              <td>{formatAgo(token.last_used_at, i18n.language)}</td>
              <td className="phone-hidden">
                {token.expires_at ? formatDate(token.expires_at, i18n.language) : t("tokens.never")}
              </td>
              <td style={{ textAlign: "right" }}>
                <Button size="xs" variant="default" onClick={() => setAsked(token)}>
                  {t("tokens.revoke")}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {asked && <RevokeDialog token={asked} onClose={() => setAsked(null)} />}
    </div>
  );
}

function RevokeDialog({ token, onClose }: { token: ApiToken; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.token_id),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t("tokens.revokeTitle", { name: token.name })}>
      <Stack>
        <Text>{t("tokens.revokeText")}</Text>
        {revoke.isError && (
          <Text c="var(--danger)" size="sm" role="alert">
            {errorText(revoke.error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button color="red.8" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            {t("tokens.revoke")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
