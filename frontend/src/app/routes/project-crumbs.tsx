// The way back to a project, and what stands behind it.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export function ProjectCrumbs({ project, children }: { project: string; children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <>
      <Link to="/projects" className="phone-hidden">
        {t("app.projects")}
      </Link>
      <span className="phone-hidden">/</span>
      <Link to="/p/$project" params={{ project }}>
        {project}
      </Link>
      {children}
    </>
  );
}
