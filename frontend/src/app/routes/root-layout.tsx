// The frame of every page, and the keys that work everywhere.
import { useMantineColorScheme } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

export function RootLayout() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { toggleColorScheme } = useMantineColorScheme();
  useHotkeys([
    ["R", () => void queryClient.invalidateQueries()],
    ["mod+J", () => toggleColorScheme()],
  ]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t("app.skip")}
      </a>
      <Outlet />
    </div>
  );
}
