// The top bar of every page that needs a user, with its crumbs, settings and account menu.

import { ActionIcon, Tooltip } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useIsFetching } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { AccountMenu } from "@/features/accounts/account-menu";
import { SettingsButton } from "@/features/settings/settings-button";
import { OPEN_PALETTE } from "@/lib/preferences";
import { LiveBar } from "./live-bar";

export function SignedInPage({ crumbs, children }: { crumbs?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  const isFetching = useIsFetching() > 0;
  return (
    <>
      <header className="top">
        <Link to="/projects" className="brand" aria-label={t("app.name")}>
          <img src="favicon.svg" alt="" />
          <span>{t("app.name")}</span>
        </Link>
        <nav className="crumbs">{crumbs}</nav>
        <Tooltip label={`${t("palette.title")} (Ctrl+K)`}>
          <ActionIcon
            size="lg"
            aria-label={t("palette.title")}
            onClick={() => window.dispatchEvent(new Event(OPEN_PALETTE))}
          >
            <IconSearch size={20} />
          </ActionIcon>
        </Tooltip>
        <SettingsButton />
        <AccountMenu />
      </header>
      <LiveBar />
      <main id="main" className="main" tabIndex={-1}>
        {isFetching && <div className="busy" aria-hidden />}
        {children}
      </main>
    </>
  );
}
