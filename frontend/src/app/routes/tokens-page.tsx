// The API tokens of the signed-in user.
import { Anchor, Button, Group, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { tokensQuery } from "@/api/accounts";
import { EmptyState } from "@/components/empty-state";
import { ErrorPanel } from "@/components/error-panel";
import { laterDialog } from "@/components/later";
import { RowSkeleton } from "@/components/row-skeleton";
import { TokenTable } from "@/features/accounts/token-table";
import { SignedInPage } from "./signed-in-page";

const CreateTokenDialog = laterDialog(
  async () => (await import("@/features/accounts/create-token-dialog")).CreateTokenDialog,
);

export function TokensPage() {
  const { t } = useTranslation();
  const tokens = useQuery(tokensQuery);
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <SignedInPage
      crumbs={
        <Anchor component={Link} to="/projects">
          {t("app.projects")}
        </Anchor>
      }
    >
      <div className="page">
        <Group justify="space-between" mb="md">
          <div>
            <Title order={1}>{t("tokens.title")}</Title>
            <Text className="dim">{t("tokens.lead")}</Text>
          </div>
          <Button leftSection={<IconPlus size={16} />} onClick={open}>
            {t("tokens.create")}
          </Button>
        </Group>
        {tokens.isError && !tokens.data ? (
          <ErrorPanel error={tokens.error} onRetry={() => void tokens.refetch()} />
        ) : !tokens.data ? (
          <RowSkeleton height={32} />
        ) : tokens.data.items.length > 0 ? (
          <TokenTable tokens={tokens.data.items} />
        ) : (
          <EmptyState title={t("tokens.emptyTitle")} text={t("tokens.empty")} />
        )}
      </div>
      <CreateTokenDialog isOpen={isOpen} onClose={close} />
    </SignedInPage>
  );
}
