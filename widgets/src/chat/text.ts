/** What somebody wrote, cut into plain words, links and mentions. It is only ever shown as text. */

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly url: string }
  | { readonly kind: "mention"; readonly text: string; readonly id: string };

const LINK = /\bhttps?:\/\/[^\s<>"']+/giu;
const TRAILING = /[.,:;!?)\]}»”’]+$/u;
const ONLY_EMOJI =
  /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\u200d|\ufe0f|\p{Extended_Pictographic})*\s*){1,3}$/u;

/** Cut a text; `names` are the people it mentions, by name. */
export function pieces(body: string, names: ReadonlyMap<string, string>): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of body.matchAll(LINK)) {
    const text = trimmed(match[0]);
    const url = safe(text);
    if (!url) continue;
    found.push(...mentions(body.slice(from, match.index), names));
    found.push({ kind: "link", text, url });
    from = match.index + text.length;
  }
  found.push(...mentions(body.slice(from), names));
  return found;
}

/** Tell whether a text is one to three emoji and nothing else: they are shown larger. */
export function isOnlyEmoji(body: string): boolean {
  return body.length <= 24 && ONLY_EMOJI.test(body);
}

/** Return the first letters of a name's first and last word, for the round mark beside it. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return picked.map((word) => first(word ?? "")).join("");
}

/** Return a hue, 0 to 359, that is always the same for the same person. */
export function hue(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 360;
  return sum;
}

function first(word: string): string {
  const letter = [...word.normalize("NFC")].find((one) =>
    /[\p{Letter}\p{Number}\p{Extended_Pictographic}]/u.test(one),
  );
  return (letter ?? [...word][0] ?? "").toLocaleUpperCase();
}

function mentions(text: string, names: ReadonlyMap<string, string>): Piece[] {
  if (!text) return [];
  for (const [name, id] of names) {
    const at = text.indexOf(`@${name}`);
    if (at === -1) continue;
    const end = at + name.length + 1;
    return [
      ...mentions(text.slice(0, at), names),
      { kind: "mention", text: text.slice(at, end), id },
      ...mentions(text.slice(end), names),
    ];
  }
  return [{ kind: "text", text }];
}

/** Leave the punctuation after an address to the sentence; a closing bracket stays when one was opened inside. */
function trimmed(text: string): string {
  const end = TRAILING.exec(text)?.[0] ?? "";
  if (end.startsWith(")") && text.includes("(")) return text.slice(0, text.length - end.length + 1);
  return text.slice(0, text.length - end.length);
}

function safe(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
