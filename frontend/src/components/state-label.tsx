// A state as icon and word, never colour alone.
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

export interface Look {
  Icon: Icon;
  color: string;
}

export function StateLabel({ look: { Icon, color }, children }: { look: Look; children: ReactNode }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 6, color, whiteSpace: "nowrap" }}>
      <Icon size={16} aria-hidden />
      {children}
    </span>
  );
}
