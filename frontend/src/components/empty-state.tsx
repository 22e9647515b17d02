// What is missing, and what fills it.
import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

export function EmptyState({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children?: ReactNode;
}) {
  return (
    <Stack align="center" gap="sm" py={56} px="md" ta="center">
      <Title order={2}>{title}</Title>
      {text && (
        <Text className="dim" maw={520}>
          {text}
        </Text>
      )}
      {children}
    </Stack>
  );
}
