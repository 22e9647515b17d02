// A failed request in words: the reason, the request id, and a way on.
import { Anchor, Button, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/client";
import { EmptyState } from "./empty-state";

export function ErrorPanel({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const known = error instanceof ApiError ? error : null;
  const [title, text] =
    known?.status === 403
      ? [t("error.forbiddenTitle"), t("error.forbidden")]
      : known?.status === 404
        ? [t("error.notFoundTitle"), t("error.notFound")]
        : known?.status === 410
          ? [t("error.goneTitle"), t("error.gone")]
          : [t("error.title"), known?.status === 0 ? t("error.unreachable") : errorText(error)];
  // The way to the sign-in page is already taken; a message would only flash.
  if (known?.status === 401) return null;
  const isFinal = known !== null && [403, 404, 410].includes(known.status);
  return (
    <div role="alert">
      <EmptyState title={title} text={text}>
        {known?.requestId && (
          <Text size="xs" className="dim mono">
            {t("error.requestId", { id: known.requestId })}
          </Text>
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

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
