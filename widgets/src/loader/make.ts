/** Pieces of a panel: plain elements whose class is also the name of their part, which the host page may style. */

export function make(
  tag: string,
  name: string,
  text: string,
  more: Record<string, string> = {},
): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  const attributes: Record<string, string> = { class: name, part: name, ...more };
  for (const key in attributes) made.setAttribute(key, attributes[key] as string);
  return made;
}

export function press(name: string, text: string, work: () => void): HTMLElement {
  const made = make("button", name, text, { type: "button" });
  made.onclick = work;
  return made;
}
