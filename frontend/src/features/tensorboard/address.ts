// Where the TensorBoard of one track, or of several as runs of one, is. At most 50: what one address can hold.
export const MAX_TRACKS = 50;

export function tensorboardAddress(trackIds: readonly string[], isDark: boolean): string {
  const address = new URL(`tb/${trackIds.join(",")}/`, document.baseURI);
  // TensorBoard remembers a choice of its own otherwise, for all tracks.
  address.searchParams.set("darkMode", String(isDark));
  address.hash = "scalars";
  return address.toString();
}

// Whether the server can spare a process for somebody who has not asked; no answer is a no.
export async function hasRoom(trackId: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL(`tb/${trackId}/room`, document.baseURI));
    return answer.ok && ((await answer.json()) as { has_room: boolean }).has_room;
  } catch {
    return false;
  }
}
