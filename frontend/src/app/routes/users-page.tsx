// The users of this installation, for its administrators: make one, hand over a link.
import { Button, Checkbox, Group, Modal, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { createUser, inviteUser, usersQuery } from "@/api/members";
import { CodeBlock } from "@/components/copy-text";
import { ErrorPanel, errorText } from "@/components/error-panel";
import { RowSkeleton } from "@/components/row-skeleton";
import { formatDate } from "@/lib/format";
import { SignedInPage } from "./signed-in-page";

export function UsersPage() {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const users = useQuery(usersQuery);
  const [link, setLink] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [isAdmin, setAdmin] = useState(false);
  const again = () => queryClient.invalidateQueries({ queryKey: ["users"] });
  const create = useMutation({
    mutationFn: () => createUser({ name: name.trim(), is_admin: isAdmin }),
    onSuccess: (made) => {
      setLink(made.link);
      setName("");
      setAdmin(false);
      return again();
    },
  });
  const invite = useMutation({ mutationFn: inviteUser, onSuccess: (made) => setLink(made.link) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) create.mutate();
  };
  return (
    <SignedInPage crumbs={<Link to="/projects">{t("app.projects")}</Link>}>
      <div className="page">
        <Title order={1}>{t("users.title")}</Title>
        <Text className="dim" mb="md">
          {t("users.lead")}
        </Text>
        {users.isError ? (
          <ErrorPanel error={users.error} onRetry={() => void users.refetch()} />
        ) : !users.data ? (
          <RowSkeleton height={32} />
        ) : (
          <>
            <form onSubmit={submit}>
              <Group mb="md" align="flex-end" gap="sm">
                <TextInput
                  label={t("users.name")}
                  value={name}
                  maxLength={100}
                  error={create.isError ? errorText(create.error) : null}
                  onChange={(event) => setName(event.currentTarget.value)}
                />
                <Checkbox
                  label={t("users.admin")}
                  checked={isAdmin}
                  pb={8}
                  onChange={(event) => setAdmin(event.currentTarget.checked)}
                />
                <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
                  {t("users.create")}
                </Button>
              </Group>
            </form>
            <div className="card scroll-x">
              <table className="rows">
                <thead>
                  <tr>
                    <th>{t("signIn.name")}</th>
                    <th>{t("users.kind")}</th>
                    <th className="phone-hidden">{t("tracks.created")}</th>
                    <td />
                  </tr>
                </thead>
                <tbody>
                  {users.data.items.map((user) => (
                    <tr key={user.user_id}>
                      <td style={{ overflowWrap: "anywhere" }}>{user.name}</td>
                      <td>{user.is_admin ? t("users.admin") : t("users.user")}</td>
                      <td className="phone-hidden num">{formatDate(user.created_at, i18n.language)}</td>
                      <td style={{ textAlign: "right" }}>
                        <Button
                          size="xs"
                          variant="default"
                          aria-label={t("users.linkFor", { name: user.name })}
                          onClick={() => invite.mutate(user.user_id)}
                        >
                          {t("users.link")}
                        </Button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )}
      </div>
      <Modal opened={link !== null} onClose={() => setLink(null)} title={t("users.linkTitle")} size="lg">
        <Stack>
          <Text>{t("users.linkText")}</Text>
          <CodeBlock code={link ?? ""} />
        </Stack>
      </Modal>
    </SignedInPage>
  );
}
