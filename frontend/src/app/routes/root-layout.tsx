// The frame of every page, and the keys that work everywhere.
import { useMantineColorScheme } from "@mantine/core";
import { useDisclosure, useHotkeys, useNetwork } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { Outlet, useNavigate, useParams, useRouterState } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Track } from "@/api/types";
import { laterDialog } from "@/components/later";
import type { PaletteAction } from "@/features/palette/palette";
import { focusMain } from "@/lib/focus";
import { setLanguage } from "@/lib/i18n";
import { OPEN_PALETTE, usePreferences } from "@/lib/preferences";

// Neither is needed to see a page.
const Palette = laterDialog(async () => (await import("@/features/palette/palette")).Palette);
const ShortcutsDialog = laterDialog(
  async () => (await import("@/features/shortcuts/shortcuts-dialog")).ShortcutsDialog,
);

export function RootLayout() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { toggleColorScheme } = useMantineColorScheme();
  const { hasKeys } = usePreferences();
  const { online } = useNetwork();
  const [isFinding, finding] = useDisclosure(false);
  const [isHelping, helping] = useDisclosure(false);
  const isSigningIn = useRouterState({ select: (state) => state.location.pathname.endsWith("/sign-in") });
  const everywhere: Parameters<typeof useHotkeys>[0] = [["mod+J", () => toggleColorScheme()]];
  useHotkeys(isSigningIn ? [] : [["mod+K", finding.open]], []);
  useHotkeys(everywhere);
  useHotkeys(
    hasKeys && !isSigningIn
      ? [
          ["R", () => void queryClient.invalidateQueries()],
          ["shift+?", helping.open],
          ["?", helping.open],
          ["/", focusFilter],
        ]
      : [],
  );
  useEffect(() => {
    window.addEventListener(OPEN_PALETTE, finding.open);
    return () => window.removeEventListener(OPEN_PALETTE, finding.open);
  }, [finding.open]);
  const shown = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const before = useRef(shown);
  useEffect(() => {
    const isFirst = before.current === undefined;
    before.current = shown;
    // What had the focus went with the page before: without this, the keyboard would begin at the window's top again.
    if (!isFirst && document.activeElement === document.body) focusMain();
  }, [shown]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t("app.skip")}
      </a>
      {!online && (
        <div className="offline" role="status">
          {t("app.offline")}
        </div>
      )}
      <Outlet />
      <Finder isOpen={isFinding} onClose={finding.close} onHelp={helping.open} />
      <ShortcutsDialog isOpen={isHelping} onClose={helping.close} />
    </div>
  );
}

function focusFilter() {
  const filter = document.querySelector<HTMLInputElement>(
    '[data-hotkey="filter"], main input[type="search"], main input[type="text"]',
  );
  filter?.focus();
  filter?.select();
}

function Finder({ isOpen, onClose, onHelp }: { isOpen: boolean; onClose: () => void; onHelp: () => void }) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { toggleColorScheme } = useMantineColorScheme();
  const params = useParams({ strict: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked up each time it is opened.
  const track = useMemo(
    () => (params.track ? queryClient.getQueryData<Track>(["track", params.track]) : undefined),
    [isOpen, params.track, queryClient],
  );
  const actions: PaletteAction[] = [
    { id: "projects", label: t("app.projects"), run: () => void navigate({ to: "/projects" }) },
    { id: "tokens", label: t("account.tokens"), run: () => void navigate({ to: "/tokens" }) },
    { id: "reload", label: t("keys.reload"), hint: "R", run: () => void queryClient.invalidateQueries() },
    { id: "theme", label: t("keys.theme"), hint: "Ctrl J", run: toggleColorScheme },
    {
      id: "language",
      label: i18n.language === "en" ? "繁體中文" : "English",
      run: () => void setLanguage(i18n.language === "en" ? "zh-TW" : "en"),
    },
    { id: "help", label: t("keys.title"), hint: "?", run: onHelp },
  ];
  return (
    <Palette
      isOpen={isOpen}
      onClose={onClose}
      project={params.project ?? track?.project_name}
      trackId={params.track}
      actions={actions}
      onProject={(project) => void navigate({ to: "/p/$project", params: { project } })}
      onTrack={(id) => void navigate({ to: "/t/$track", params: { track: id } })}
      onLeaf={(path) => {
        if (params.track)
          void navigate({ to: "/t/$track", params: { track: params.track }, search: { path } });
      }}
    />
  );
}
