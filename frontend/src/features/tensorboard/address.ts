// Where the TensorBoard of one track, or of several as runs of one, is. At most 50: what one address can hold.
export const MAX_TRACKS = 50;

export function tensorboardAddress(trackIds: readonly string[], isDark: boolean): string {
  const address = new URL(`tb/${trackIds.join(",")}/`, document.baseURI);
  // TensorBoard remembers a choice of its own otherwise, for all tracks.
  address.searchParams.set("darkMode", String(isDark));
  address.hash = "scalars";
  return address.toString();
}
