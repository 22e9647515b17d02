// Projects as rows: name, what is in it, when something last happened.
import { Group, Stack, Text } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Project } from "@/api/types";
import { formatAgo } from "@/lib/format";
import classes from "./project-list.module.css";

export function ProjectList({ projects }: { projects: readonly Project[] }) {
  const { t, i18n } = useTranslation();
  return (
    <ul className={`card ${classes.list}`}>
      {projects.map((project) => (
        <li key={project.project_id}>
          <Link to="/p/$project" params={{ project: project.name }} className={classes.row}>
            <Stack gap={2} className="cut" style={{ flex: 1 }}>
              <Text fw={600} className={`cut ${classes.name}`}>
                {project.name}
              </Text>
              {project.description && (
                <Text size="sm" className="dim cut">
                  {project.description}
                </Text>
              )}
            </Stack>
            <Stack gap={2} align="flex-end" className={`num ${classes.facts}`}>
              <Group gap="sm" wrap="nowrap">
                {project.n_running > 0 && (
                  <Text size="sm" c="var(--accent)" className={classes.running}>
                    <IconPlayerPlay size={14} aria-hidden />
                    {t("projects.running", { n: project.n_running })}
                  </Text>
                )}
                <Text size="sm">{t("projects.tracks", { count: project.n_tracks })}</Text>
              </Group>
              <Text size="sm" className="dim">
                {project.last_activity_at
                  ? t("projects.activity", { when: formatAgo(project.last_activity_at, i18n.language) })
                  : t("projects.noActivity")}
              </Text>
            </Stack>
          </Link>
        </li>
      ))}
    </ul>
  );
}
