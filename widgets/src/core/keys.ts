/** What a key means beyond its name. */

const PROCESSED = 229; // the key code of whatever an input method takes for itself

/**
 * Tell whether an input method has this key: its Enter takes a word, it sends nothing. Safari ends the composition
 * before it tells of that Enter, and only the old key code says whose it was.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === PROCESSED;
}
