// Keeps a part that breaks from taking the whole page with it: what happened is said where the part would stand.
import { Button } from "@mantine/core";
import { CatchBoundary } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "./empty-state";

/** `name` says what is shown: when it changes, the part is tried again. */
export function PartBoundary({ name, children }: { name: string; children: ReactNode }) {
  return (
    <CatchBoundary getResetKey={() => name} errorComponent={BrokenPart}>
      {children}
    </CatchBoundary>
  );
}

export function BrokenPart() {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <EmptyState title={t("error.title")} text={t("error.broken")}>
        {/* What could not be fetched is remembered as broken, so only the whole page can be tried again. */}
        <Button variant="default" onClick={() => window.location.reload()}>
          {t("error.reload")}
        </Button>
      </EmptyState>
    </div>
  );
}
