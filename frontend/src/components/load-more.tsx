// Asks for the next page of a list, as long as there is one.
import { Button, type ButtonProps, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface Props extends Pick<ButtonProps, "size"> {
  answer: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
  mt?: "sm" | "md";
}

export function LoadMore({ answer, size, mt = "sm" }: Props) {
  const { t } = useTranslation();
  if (!answer.hasNextPage) return null;
  return (
    <Group justify="center" mt={mt}>
      <Button
        variant="default"
        size={size}
        loading={answer.isFetchingNextPage}
        onClick={() => void answer.fetchNextPage()}
      >
        {t("app.loadMore")}
      </Button>
    </Group>
  );
}
