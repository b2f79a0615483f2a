/** Two soft notes when one is called, for who wants them; a browser may refuse to play before the first click. */

import { html, type TemplateResult } from "lit";

const KEPT = "narthex.chime";
const NOTES = [880, 660]; // hertz
const LENGTH_S = 0.35;

export interface Chime {
  on: boolean;
  ring(): void;
}

/** Return the chime of this browser; whether it sounds is kept here and nowhere else. */
export function chime(store: Storage | null = storage()): Chime {
  return {
    get on() {
      return store?.getItem(KEPT) === "on";
    },
    set on(on: boolean) {
      if (on) store?.setItem(KEPT, "on");
      else store?.removeItem(KEPT);
    },
    ring() {
      if (this.on && typeof AudioContext === "function") play(new AudioContext());
    },
  };
}

/** The switch for it; switched on it sounds once, so that one knows it. */
export function soundSwitch(label: string): TemplateResult {
  const sound = chime();
  return html`<label class="check sound"><input type="checkbox" .checked=${sound.on}
    @change=${(event: Event) => {
      sound.on = (event.target as HTMLInputElement).checked;
      sound.ring();
    }} />${label}</label>`;
}

function play(context: AudioContext): void {
  const loud = context.createGain();
  loud.gain.value = 0.2;
  loud.connect(context.destination);
  NOTES.forEach((hertz, place) => {
    const note = context.createOscillator();
    note.frequency.value = hertz;
    note.connect(loud);
    note.start(context.currentTime + place * LENGTH_S);
    note.stop(context.currentTime + (place + 1) * LENGTH_S);
    if (place === NOTES.length - 1) note.onended = () => void context.close();
  });
}

function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null; // a browser that keeps nothing
  }
}
