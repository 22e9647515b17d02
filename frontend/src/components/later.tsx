// Parts that are not needed to see a page, such as dialogs: fetched once somebody touches the page, or opens one.
import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useState } from "react";

type Load = () => Promise<unknown>;

const TOUCHES = ["pointermove", "pointerdown", "keydown"] as const;
const waiting: Load[] = [];
let isTouched = false;

// When the part is opened it is asked for again, and then says what is wrong.
const fetchQuietly = (load: Load) => void load().catch(() => undefined);

function onTouch() {
  isTouched = true;
  for (const name of TOUCHES) window.removeEventListener(name, onTouch);
  waiting.splice(0).forEach(fetchQuietly);
}
for (const name of TOUCHES) window.addEventListener(name, onTouch, { passive: true });

/** Has a module fetched with the first touch of the page, so that the click that needs it does not wait. */
export function fetchOnTouch(load: Load): void {
  // On a page that is in use it comes after what the page itself still needs.
  if (isTouched) setTimeout(() => fetchQuietly(load), 500);
  else waiting.push(load);
}

/** A part whose code comes later; until then `meanwhile` stands there. */
export function laterPart<P extends object>(
  load: () => Promise<ComponentType<P>>,
  meanwhile: ReactNode = null,
) {
  const Part = lazy(async () => ({ default: await load() })) as unknown as ComponentType<P>;
  fetchOnTouch(load);
  // biome-ignore lint/correctness/noComponentHookFactories: made once, when its module is read.
  return function LaterPart(props: P) {
    return (
      <Suspense fallback={meanwhile}>
        <Part {...props} />
      </Suspense>
    );
  };
}

/** A dialog whose code comes later. Once opened it stays, so that it closes as softly as any other. */
export function laterDialog<P extends { isOpen: boolean }>(load: () => Promise<ComponentType<P>>) {
  const Dialog = laterPart(async () => openedOnceThere(await load()));
  // biome-ignore lint/correctness/noComponentHookFactories: made once, when its module is read.
  return function LaterDialog(props: P) {
    const [wasOpened, setOpened] = useState(props.isOpen);
    if (props.isOpen && !wasOpened) setOpened(true);
    return wasOpened ? <Dialog {...props} /> : null;
  };
}

/** A dialog that is open when it is made has not seen where the focus was, and could not give it back. */
function openedOnceThere<P extends { isOpen: boolean }>(Dialog: ComponentType<P>): ComponentType<P> {
  return function MadeFirst(props: P) {
    const [isThere, setThere] = useState(false);
    useEffect(() => setThere(true), []);
    return <Dialog {...props} isOpen={props.isOpen && isThere} />;
  };
}
