// Who is signed in, and what one may do with the account.
import { ActionIcon, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey, IconLock, IconLogout, IconUserCircle, IconUsers } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { meQuery, signOut } from "@/api/accounts";
import { laterDialog } from "@/components/later";

const PasswordDialog = laterDialog(async () => (await import("./password-dialog")).PasswordDialog);

export function AccountMenu() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const me = useQuery(meQuery);
  const [isOpen, { open, close }] = useDisclosure(false);
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate({ to: "/sign-in" });
      queryClient.clear();
    },
  });
  const name = me.data?.name ?? "";
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon size="lg" aria-label={t("account.menu", { name })}>
            <IconUserCircle size={22} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{name}</Menu.Label>
          <Menu.Item leftSection={<IconKey size={16} />} component={Link} to="/tokens">
            {t("account.tokens")}
          </Menu.Item>
          <Menu.Item leftSection={<IconLock size={16} />} onClick={open}>
            {t("account.setPassword")}
          </Menu.Item>
          {me.data?.is_admin && (
            <Menu.Item leftSection={<IconUsers size={16} />} component={Link} to="/users">
              {t("users.title")}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => leave.mutate()}>
            {t("account.signOut")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <PasswordDialog isOpen={isOpen} onClose={close} asksCurrent={me.data?.has_password ?? false} />
    </>
  );
}
