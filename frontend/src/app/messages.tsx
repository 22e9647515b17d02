// Where short messages stand; fetched with the first touch of the page, or with the first message.
import { notificationsStore } from "@mantine/notifications";
import { useEffect, useState } from "react";
import { laterPart } from "@/components/later";

const MessageList = laterPart(async () => (await import("./message-list")).MessageList);

export function Messages() {
  const [isWanted, setWanted] = useState(false);
  useEffect(() => notificationsStore.subscribe(() => setWanted(true)), []);
  return isWanted ? <MessageList /> : null;
}
