// The dialogs about tracks, fetched when somebody is about to open one.
import { laterDialog } from "@/components/later";

export const ColumnDrawer = laterDialog(async () => (await import("./column-drawer")).ColumnDrawer);
export const DeleteTracksDialog = laterDialog(
  async () => (await import("./delete-tracks-dialog")).DeleteTracksDialog,
);
export const EditTrackDialog = laterDialog(async () => (await import("./edit-track-dialog")).EditTrackDialog);
export const SaveViewDialog = laterDialog(async () => (await import("./save-view-dialog")).SaveViewDialog);
export const TagDialog = laterDialog(async () => (await import("./tag-dialog")).TagDialog);
