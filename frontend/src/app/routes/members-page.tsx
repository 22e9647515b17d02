// Who belongs to a project, as what.
import { ActionIcon, Button, Group, Select, Text, TextInput, Title, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUserMinus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { meQuery } from "@/api/accounts";
import { type Member, membersQuery, putMember, ROLES, type Role, removeMember } from "@/api/members";
import { projectQuery } from "@/api/projects";
import { ErrorPanel, errorText } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { ProjectCrumbs } from "./project-crumbs";
import { ProjectNav } from "./project-page";
import { SignedInPage } from "./signed-in-page";

export function MembersPage() {
  const { t } = useTranslation();
  const { project } = useParams({ from: "/p/$project/members" });
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const me = useQuery(meQuery);
  const owner = useQuery(projectQuery(project));
  const members = useQuery(membersQuery(project));
  const again = () => queryClient.invalidateQueries({ queryKey: ["members", project] });
  const fail = (error: Error) => notifications.show({ message: errorText(error), color: "red.8" });
  const change = useMutation({
    mutationFn: ({ name, role }: { name: string; role: Role }) => putMember(project, name, role),
    onError: fail,
    onSettled: again,
  });
  const remove = useMutation({
    mutationFn: (member: Member) => removeMember(project, member.user_id),
    onError: fail,
    onSuccess: (_, member) => {
      if (member.user_id === me.data?.user_id) void navigate({ to: "/projects" });
    },
    onSettled: again,
  });
  const canManage = owner.data?.role === "owner";
  const items = members.data?.items;
  return (
    <SignedInPage crumbs={<ProjectCrumbs project={project} />}>
      <ProjectNav project={project} />
      <div className="page">
        <Title order={1}>{t("members.title")}</Title>
        <Text className="dim" mb="md">
          {t("members.lead")}
        </Text>
        {canManage && <AddMember onAdd={(name, role) => change.mutateAsync({ name, role })} />}
        {members.isError && !items ? (
          <ErrorPanel error={members.error} onRetry={() => void members.refetch()} />
        ) : !items ? (
          <RowSkeleton height={32} />
        ) : (
          <div className="card scroll-x">
            <table className="rows">
              <thead>
                <tr>
                  <th>{t("signIn.name")}</th>
                  <th>{t("members.role")}</th>
                  <td />
                </tr>
              </thead>
              <tbody>
                {items.map((member) => (
                  <tr key={member.user_id}>
                    <td style={{ overflowWrap: "anywhere" }}>
                      {member.name}
                      {member.user_id === me.data?.user_id && (
                        <span className="dim"> {t("members.you")}</span>
                      )}
                    </td>
                    <td>
                      {canManage ? (
                        <Select
                          aria-label={t("members.roleOf", { name: member.name })}
                          w={150}
                          allowDeselect={false}
                          value={member.role}
                          data={ROLES.map((value) => ({ value, label: t(`members.${value}`) }))}
                          onChange={(role) =>
                            role && change.mutate({ name: member.name, role: role as Role })
                          }
                        />
                      ) : (
                        t(`members.${member.role}`)
                      )}
                    </td>
                    <td style={{ textAlign: "right" }}>
                      {(canManage || member.user_id === me.data?.user_id) && (
                        <Tooltip label={t("members.remove", { name: member.name })}>
                          <ActionIcon
                            aria-label={t("members.remove", { name: member.name })}
                            onClick={() => remove.mutate(member)}
                          >
                            <IconUserMinus size={18} />
                          </ActionIcon>
                        </Tooltip>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
    </SignedInPage>
  );
}

function AddMember({ onAdd }: { onAdd: (name: string, role: Role) => Promise<unknown> }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) {
      // The toast says what was wrong.
      onAdd(name.trim(), role).then(
        () => setName(""),
        () => undefined,
      );
    }
  };
  return (
    <form onSubmit={submit}>
      <Group mb="md" align="flex-end" gap="sm">
        <TextInput
          label={t("members.add")}
          value={name}
          maxLength={100}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label={t("members.role")}
          w={150}
          allowDeselect={false}
          value={role}
          data={ROLES.map((value) => ({ value, label: t(`members.${value}`) }))}
          onChange={(value) => value && setRole(value as Role)}
        />
        <Button type="submit" disabled={!name.trim()}>
          {t("members.addButton")}
        </Button>
      </Group>
    </form>
  );
}
