// The top bar of every page that needs a user, with its crumbs, settings and account menu.

import { useIsFetching } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { AccountMenu } from "@/features/accounts/account-menu";
import { SettingsButton } from "@/features/settings/settings-button";

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
        <SettingsButton />
        <AccountMenu />
      </header>
      <main id="main" className="main" tabIndex={-1}>
        {isFetching && <div className="busy" aria-hidden />}
        {children}
      </main>
    </>
  );
}
