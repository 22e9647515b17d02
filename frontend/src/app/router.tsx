// The addresses of the page and what each one's search means.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { BrokenPart } from "@/components/part-boundary";
import { parseSubmissionSearch } from "@/lib/jobs-state";
import { parseCompareSearch, parseTracksSearch } from "@/lib/tracks-state";
import { parseSignInSearch, parseTrackSearch } from "@/lib/url-state";
import { RootLayout } from "./routes/root-layout";

const rootRoute = createRootRoute({
  component: RootLayout,
  notFoundComponent: lazyRouteComponent(() => import("./routes/not-found-page"), "NotFoundPage"),
});

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/projects", replace: true });
  },
});
const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: parseSignInSearch,
  component: lazyRouteComponent(() => import("./routes/sign-in-page"), "SignInPage"),
});
const projectsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/projects",
  validateSearch: (raw: Record<string, unknown>): { q?: string } => ({ q: parseTracksSearch(raw).q }),
  component: lazyRouteComponent(() => import("./routes/projects-page"), "ProjectsPage"),
});
const tracksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project",
  validateSearch: parseTracksSearch,
  component: lazyRouteComponent(() => import("./routes/tracks-page"), "TracksPage"),
});
const trackRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/t/$track",
  validateSearch: parseTrackSearch,
  component: lazyRouteComponent(() => import("./routes/track-page"), "TrackPage"),
});
const tokensRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/tokens",
  component: lazyRouteComponent(() => import("./routes/tokens-page"), "TokensPage"),
});

const usersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/users",
  component: lazyRouteComponent(() => import("./routes/users-page"), "UsersPage"),
});
const compareRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/compare",
  validateSearch: parseCompareSearch,
  component: lazyRouteComponent(() => import("./routes/compare-page"), "ComparePage"),
});
const trashRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/trash",
  component: lazyRouteComponent(() => import("./routes/trash-page"), "TrashPage"),
});
const membersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/members",
  component: lazyRouteComponent(() => import("./routes/members-page"), "MembersPage"),
});

const labsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/labs",
  component: lazyRouteComponent(() => import("./routes/labs-page"), "LabsPage"),
});
const newLabRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/labs/new",
  component: lazyRouteComponent(() => import("./routes/lab-form-page"), "NewLabPage"),
});
const labRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/labs/$lab",
  component: lazyRouteComponent(() => import("./routes/lab-page"), "LabPage"),
});
const editLabRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/labs/$lab/edit",
  component: lazyRouteComponent(() => import("./routes/lab-form-page"), "EditLabPage"),
});
const submissionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/submissions/$submission",
  validateSearch: parseSubmissionSearch,
  component: lazyRouteComponent(() => import("./routes/submission-page"), "SubmissionPage"),
});
const pipelinesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/pipelines",
  component: lazyRouteComponent(() => import("./routes/pipelines-page"), "PipelinesPage"),
});
const newPipelineRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/pipelines/new",
  component: lazyRouteComponent(() => import("./routes/pipeline-form-page"), "NewPipelinePage"),
});
const pipelineRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/pipelines/$pipeline",
  component: lazyRouteComponent(() => import("./routes/pipeline-page"), "PipelinePage"),
});
const editPipelineRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/pipelines/$pipeline/edit",
  component: lazyRouteComponent(() => import("./routes/pipeline-form-page"), "EditPipelinePage"),
});
const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$project/pipelines/$pipeline/runs/$run",
  component: lazyRouteComponent(() => import("./routes/run-page"), "RunPage"),
});

export function createAppRouter() {
  return createRouter({
    routeTree: rootRoute.addChildren([
      indexRoute,
      signInRoute,
      projectsRoute,
      tracksRoute,
      trackRoute,
      tokensRoute,
      usersRoute,
      compareRoute,
      trashRoute,
      membersRoute,
      labsRoute,
      newLabRoute,
      labRoute,
      editLabRoute,
      submissionRoute,
      pipelinesRoute,
      newPipelineRoute,
      pipelineRoute,
      editPipelineRoute,
      runRoute,
    ]),
    // The server may put the page under a prefix; it says so in <base href>.
    basepath: new URL(document.baseURI).pathname,
    defaultErrorComponent: BrokenPart,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

/** Begins to fetch the code of the page that the address means; the router then waits for the same. */
export function fetchPage(router: ReturnType<typeof createAppRouter>): void {
  for (const { routeId } of router.matchRoutes(router.latestLocation))
    void router
      .loadRouteChunk(router.routesById[routeId as keyof typeof router.routesById])
      ?.catch(() => undefined);
}
