/** Copy for the reader, and say honestly whether it was done. */

/**
 * Copy a text; resolve with whether it was. Browsers refuse it without a permission, and on plain http there is no
 * clipboard at all: then the text is selected where it stands, so that the reader can copy it by hand.
 */
export async function copy(text: string, place?: Node | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (place) getSelection()?.selectAllChildren(place);
    return false;
  }
}
