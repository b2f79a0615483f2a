/** Whether the reader looks at us and reaches us: the page's own events, in one place. */

export interface Attention {
  watched(watched: boolean): void;
  network(): void;
  /** The focus came in from outside, to nothing in particular. */
  entered?(): void;
  escaped?(event: KeyboardEvent): void;
}

/** Listen until the returned function is called. */
export function attend(to: Attention): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  document.addEventListener("visibilitychange", () => to.watched(document.visibilityState === "visible"), {
    signal,
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && to.escaped?.(event), { signal });
  window.addEventListener("focus", () => document.activeElement === document.body && to.entered?.(), {
    signal,
  });
  window.addEventListener("online", () => to.network(), { signal });
  window.addEventListener("offline", () => to.network(), { signal });
  return () => ending.abort();
}
