/** What calls the reader back: a soft tone, and words for those who listen instead of looking. */

const EVERY_MS = 1_500; // a tone and an announcement at most this often, however many people write

export class Cues {
  #audio: AudioContext | null = null;
  #last = 0;
  #waiting: string[] = [];
  #timer = 0;

  /** Play two soft tones; browsers allow it once the reader has pressed something here. */
  tone(): void {
    if (Date.now() - this.#last < EVERY_MS) return;
    this.#last = Date.now();
    this.#audio ??= new AudioContext();
    void this.#audio.resume();
    this.#note(this.#audio, 660, 0);
    this.#note(this.#audio, 880, 0.09);
  }

  /** Have a sentence read out politely; many at once become one, made by `many`. */
  announce(region: HTMLElement | null, sentence: string, many: (count: number) => string): void {
    this.#waiting.push(sentence);
    if (this.#timer) return;
    const speak = () => {
      const said = this.#waiting;
      this.#waiting = [];
      this.#timer = 0;
      if (region && said.length > 0)
        region.textContent = said.length > 2 ? many(said.length) : said.join(" ");
    };
    this.#timer = window.setTimeout(speak, EVERY_MS);
  }

  #note(audio: AudioContext, pitch: number, after: number): void {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + after;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.06, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  }
}
