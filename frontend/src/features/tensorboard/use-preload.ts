// When to load TensorBoard before it is asked for: the pointer rests on its button, or the page has been idle.
import { useCallback, useEffect, useRef, useState } from "react";
import { hasRoom } from "./address";

const REST_MS = 120;
const IDLE_MS = 5000;

export function usePreload(trackId: string, isNeeded: boolean) {
  const [isMounted, setMounted] = useState(isNeeded);
  if (isNeeded && !isMounted) setMounted(true);
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (isMounted) return;
    let isLeft = false;
    // Each hidden one holds a process on the server: only where somebody is looking, and while half of them are free.
    const timer = setTimeout(async () => {
      if (document.visibilityState !== "visible" || !(await hasRoom(trackId)) || isLeft) return;
      if (typeof requestIdleCallback === "function") requestIdleCallback(() => setMounted(true));
      else setMounted(true);
    }, IDLE_MS);
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [trackId, isMounted]);
  useEffect(() => () => clearTimeout(resting.current), []);
  const onRest = useCallback((isOver: boolean) => {
    clearTimeout(resting.current);
    if (isOver) resting.current = setTimeout(() => setMounted(true), REST_MS);
  }, []);
  return { isMounted, onRest };
}
