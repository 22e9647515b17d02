// Where the code of jobs comes from: a folder of the server, an archive that is uploaded, or a git repository.
import { Button, FileButton, Group, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { jobRulesQuery } from "@/api/jobs";
import { archivesQuery, type LabDefinition, uploadArchive } from "@/api/labs";
import { errorText } from "@/components/error-panel";
import { formatAgo, formatBytes } from "@/lib/format";

export type Code = LabDefinition["code"];
type Kind = Code["kind"] | "none";

interface Props {
  project: string;
  code: Code | null;
  /** The kinds that may be chosen, in this order; "none" for what can do without code. */
  kinds: readonly Kind[];
  onChange: (code: Code | null) => void;
}

export const emptyCode = (kind: Code["kind"]): Code =>
  kind === "folder"
    ? { kind, path: "" }
    : kind === "git"
      ? { kind, url: "", revision: "" }
      : { kind, archive_id: "" };

export function CodeFields({ project, code, kinds, onChange }: Props) {
  const { t } = useTranslation();
  const kind: Kind = code?.kind ?? "none";
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label={t("definition.code")}
        value={kind}
        data={kinds.map((value) => ({ value, label: t(`definition.code.${value}`) }))}
        onChange={(next) => onChange(next === "none" ? null : emptyCode(next))}
        style={{ alignSelf: "flex-start", maxWidth: "100%" }}
      />
      {code?.kind === "folder" && <FolderFields code={code} onChange={onChange} />}
      {code?.kind === "git" && <GitFields code={code} onChange={onChange} />}
      {code?.kind === "archive" && <ArchiveFields project={project} code={code} onChange={onChange} />}
      {kind === "none" && (
        <Text size="sm" className="dim">
          {t("definition.code.noneHint")}
        </Text>
      )}
    </Stack>
  );
}

type FieldsOf<K extends Code["kind"]> = {
  code: Extract<Code, { kind: K }>;
  onChange: (code: Code) => void;
};

function FolderFields({ code, onChange }: FieldsOf<"folder">) {
  const { t } = useTranslation();
  const rules = useQuery(jobRulesQuery);
  const roots = rules.data?.code_roots ?? [];
  return (
    <TextInput
      label={t("definition.folder")}
      description={
        rules.data &&
        (roots.length > 0
          ? t("definition.folderRoots", { roots: roots.join(", ") })
          : t("definition.folderNone"))
      }
      placeholder={roots[0] ? `${roots[0]}/…` : undefined}
      required
      classNames={{ input: "mono" }}
      value={code.path}
      onChange={({ currentTarget: { value } }) => onChange({ ...code, path: value })}
    />
  );
}

interface GitProps {
  code: { url: string; revision: string };
  onChange: (part: { url: string; revision: string }) => void;
}

/** Address and revision of a repository. */
export function RepositoryFields({ code, onChange }: GitProps) {
  const { t } = useTranslation();
  return (
    <Group align="flex-start" gap="sm" grow preventGrowOverflow={false}>
      <TextInput
        label={t("definition.url")}
        description={t("definition.urlHint")}
        placeholder="https://git.example.com/team/project.git"
        required
        style={{ flex: "3 1 260px" }}
        value={code.url}
        onChange={({ currentTarget: { value } }) => onChange({ url: value.trim(), revision: code.revision })}
      />
      <TextInput
        label={t("definition.revision")}
        description={t("definition.revisionHint")}
        placeholder="main"
        style={{ flex: "1 1 180px" }}
        value={code.revision}
        onChange={({ currentTarget: { value } }) => onChange({ url: code.url, revision: value.trim() })}
      />
    </Group>
  );
}

function GitFields({ code, onChange }: FieldsOf<"git">) {
  return <RepositoryFields code={code} onChange={(part) => onChange({ ...code, ...part })} />;
}

function ArchiveFields({ project, code, onChange }: FieldsOf<"archive"> & { project: string }) {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const archives = useQuery(archivesQuery(project));
  const upload = useMutation({
    mutationFn: (file: File) => uploadArchive(project, file),
    onSuccess: async (archive) => {
      await queryClient.invalidateQueries({ queryKey: archivesQuery(project).queryKey });
      onChange({ ...code, archive_id: archive.archive_id });
    },
  });
  return (
    <Stack gap={6}>
      <Group align="flex-end" gap="sm">
        <Select
          label={t("definition.archive")}
          description={t("definition.archiveHint")}
          placeholder={archives.data?.items.length === 0 ? t("definition.archiveNone") : undefined}
          required
          allowDeselect={false}
          style={{ flex: "1 1 260px" }}
          value={code.archive_id || null}
          data={(archives.data?.items ?? []).map((archive) => ({
            value: archive.archive_id,
            label: `${archive.name} · ${formatBytes(archive.size_bytes)} · ${formatAgo(archive.created_at, i18n.language)}`,
          }))}
          onChange={(id) => onChange({ ...code, archive_id: id ?? "" })}
        />
        <FileButton
          accept=".zip,.tar,.gz,.tgz,.bz2,.xz"
          onChange={(file) => file && upload.mutate(file)}
          inputProps={{ "aria-label": t("definition.upload") }}
        >
          {(props) => (
            <Button
              {...props}
              variant="default"
              leftSection={<IconUpload size={16} />}
              loading={upload.isPending}
            >
              {t("definition.upload")}
            </Button>
          )}
        </FileButton>
      </Group>
      {upload.isError && (
        <Text c="var(--danger)" size="sm" role="alert">
          {errorText(upload.error)}
        </Text>
      )}
    </Stack>
  );
}
