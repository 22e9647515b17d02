// An address that no page has.
import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EmptyState } from "@/components/empty-state";
import { SignedInPage } from "./signed-in-page";

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <SignedInPage>
      <EmptyState title={t("error.notFoundTitle")} text={t("error.notFound")}>
        <Anchor component={Link} to="/projects">
          {t("error.toProjects")}
        </Anchor>
      </EmptyState>
    </SignedInPage>
  );
}
