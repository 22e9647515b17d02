// Where the keyboard goes on when what had the focus is gone.

export function focusMain(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** Whether no part of the page has the focus, only the page itself. */
export function isFocusFree(): boolean {
  return [document.body, document.getElementById("main")].includes(document.activeElement as HTMLElement);
}
