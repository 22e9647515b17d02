// The frame of a project's pages: its name, and the way to its tracks, labs and pipelines.
import { Link, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { ProjectCrumbs } from "./project-crumbs";
import classes from "./project-page.module.css";
import { SignedInPage } from "./signed-in-page";

interface Props {
  project: string;
  title: ReactNode;
  /** What the window is called. */
  name?: string;
  crumbs?: ReactNode;
  /** Stands right of the title. */
  tools?: ReactNode;
  children: ReactNode;
}

export function ProjectPage({ project, title, name, crumbs, tools, children }: Props) {
  useEffect(() => {
    if (name) document.title = `${name} · MLSteam Track`;
    return () => {
      document.title = "MLSteam Track";
    };
  }, [name]);
  return (
    <SignedInPage crumbs={<ProjectCrumbs project={project}>{crumbs}</ProjectCrumbs>}>
      <ProjectNav project={project} />
      <div className="page">
        <div className={classes.head}>
          <h1 className={classes.title}>{title}</h1>
          {tools}
        </div>
        {children}
      </div>
    </SignedInPage>
  );
}

export function ProjectNav({ project }: { project: string }) {
  const { t } = useTranslation();
  // A submission is a lab's, whatever its address.
  const isSubmission = useRouterState({
    select: ({ location }) => location.pathname.includes("/submissions/"),
  });
  return (
    <nav className={classes.nav} aria-label={t("project.nav")}>
      <Link to="/p/$project" params={{ project }} activeOptions={{ exact: true, includeSearch: false }}>
        {t("project.tracks")}
      </Link>
      <Link to="/p/$project/labs" params={{ project }} data-status={isSubmission ? "active" : undefined}>
        {t("project.labs")}
      </Link>
      <Link to="/p/$project/pipelines" params={{ project }}>
        {t("project.pipelines")}
      </Link>
    </nav>
  );
}
