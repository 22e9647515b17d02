// A failed request in words: the reason, the request id, and a way on.
import { Anchor, Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/client";
import { restoreTracks } from "@/api/listing";
import { EmptyState } from "./empty-state";

export function ErrorPanel({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const known = error instanceof ApiError ? error : null;
  const isNowhere = known?.status === 404 || (known !== null && isBadAddress(known));
  const [title, text] =
    known?.status === 403
      ? [t("error.forbiddenTitle"), t("error.forbidden")]
      : isNowhere
        ? [t("error.notFoundTitle"), t("error.notFound")]
        : known?.status === 410
          ? [t("error.goneTitle"), t("error.gone")]
          : [t("error.title"), known?.status === 0 ? t("error.unreachable") : errorText(error)];
  // The way to the sign-in page is already taken; a message would only flash.
  if (known?.status === 401) return null;
  const isFinal = known !== null && (isNowhere || [403, 410].includes(known.status));
  return (
    <div role="alert">
      <EmptyState title={title} text={text}>
        {known?.requestId && (
          <Text size="xs" className="dim mono">
            {t("error.requestId", { id: known.requestId })}
          </Text>
        )}
        {known?.context.is_in_trash === true && onRetry && (
          <RestoreButton error={known} onRestored={onRetry} />
        )}
        {isFinal ? (
          <Anchor component={Link} to="/projects">
            {t("error.toProjects")}
          </Anchor>
        ) : (
          onRetry && (
            <Button variant="default" onClick={onRetry}>
              {t("app.retry")}
            </Button>
          )
        )}
      </EmptyState>
    </div>
  );
}

/** What stands in the address is no id at all. */
function isBadAddress({ status, context }: ApiError): boolean {
  const problems = Array.isArray(context.problems) ? (context.problems as { field?: unknown }[]) : [];
  return status === 422 && problems.some(({ field }) => String(field).startsWith("path."));
}

function RestoreButton({ error, onRestored }: { error: ApiError; onRestored: () => void }) {
  const { t } = useTranslation();
  const restore = useMutation({
    mutationFn: () => restoreTracks(String(error.context.project_id), [String(error.context.track_id)]),
    onSuccess: onRestored,
  });
  return (
    <>
      <Button loading={restore.isPending} onClick={() => restore.mutate()}>
        {t("trash.restore")}
      </Button>
      {restore.isError && (
        <Text size="sm" c="var(--danger)">
          {errorText(restore.error)}
        </Text>
      )}
    </>
  );
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
