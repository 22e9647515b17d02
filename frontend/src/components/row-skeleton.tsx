// Grey lines of the shape of a list, shown only when an answer takes longer than a blink.
import { Skeleton, Stack } from "@mantine/core";
import { useEffect, useState } from "react";

export function RowSkeleton({ rows = 6, height = 20 }: { rows?: number; height?: number }) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!isShown) return null;
  const names = Array.from({ length: rows }, (_, index) => `row-${index}`);
  return (
    <Stack gap="sm" p="md" aria-hidden>
      {names.map((name) => (
        <Skeleton key={name} height={height} />
      ))}
    </Stack>
  );
}
