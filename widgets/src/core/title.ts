/** What calls the reader back from another tab: a number in front of the page's title. */

/** Show how much is unread; in a frame nobody would see it, there the launcher counts. */
export function countInTitle(unread: number): void {
  if (window.parent !== window) return;
  const title = document.title.replace(/^\(\d+\+?\) /, "");
  document.title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${title}` : title;
}
