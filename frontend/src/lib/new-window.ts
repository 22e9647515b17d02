// A new browser window whose address is known only later. It has to be opened within the click itself: what is opened
// after an answer has come, browsers block.

export interface NewWindow {
  go: (url: string) => void;
  close: () => void;
}

/** The address of a page of ours, under whatever prefix. */
export const pageUrl = (...parts: readonly string[]) =>
  new URL(parts.map(encodeURIComponent).join("/"), document.baseURI).toString();

/** Null when the browser did not let it open. */
export function openWindow(text: string): NewWindow | null {
  const opened = window.open("about:blank", "_blank");
  if (!opened) return null;
  opened.document.title = text;
  opened.document.body.textContent = text;
  return { go: (url) => opened.location.replace(url), close: () => opened.close() };
}
