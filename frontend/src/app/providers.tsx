// Everything the pages stand in: theme, language, server state, routes.
import { MantineProvider } from "@mantine/core";
import {
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClient,
  QueryClientProvider,
} from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { I18nextProvider } from "react-i18next";
import { ApiError, isPassing, pauseBefore } from "@/api/client";
import { i18n } from "@/lib/i18n";
import { Messages } from "./messages";
import { createAppRouter } from "./router";
import { theme } from "./theme";

function toSignIn(error: unknown) {
  if (!(error instanceof ApiError) || error.status !== 401) return;
  const { pathname, href } = router.state.location;
  if (pathname.endsWith("/sign-in")) return;
  void router.navigate({ to: "/sign-in", search: { next: href }, replace: true });
}

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: toSignIn }),
  mutationCache: new MutationCache({ onError: toSignIn }),
  defaultOptions: {
    queries: {
      placeholderData: keepPreviousData,
      staleTime: 2_000,
      retry: isPassing,
      retryDelay: pauseBefore,
      refetchOnWindowFocus: false,
    },
  },
});
export const router = createAppRouter();

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}

export function Providers() {
  return (
    <I18nextProvider i18n={i18n}>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
          <Messages />
        </QueryClientProvider>
      </MantineProvider>
    </I18nextProvider>
  );
}
