// A module of its own, so that it can be fetched apart from what only sends messages.
import { Notifications } from "@mantine/notifications";

export function MessageList() {
  return <Notifications position="bottom-right" />;
}
