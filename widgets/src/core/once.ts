/** A name for what is asked, so that the server does it once however often it is tried (the header Idempotency-Key). */

import { HttpError } from "./http";
import { uuid } from "./uuid";

export class Once {
  #act = "";
  #name = "";

  /** Return the name of this act: the same until it is done, and another one for other words. */
  of(...act: readonly unknown[]): string {
    const now = JSON.stringify(act);
    if (now !== this.#act) [this.#act, this.#name] = [now, uuid()];
    return this.#name;
  }

  /** Ask for it, and forget its name once it is done. Null: it was done before, and only its answer is lost. */
  async do<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
    const answer = await asked.catch((error: unknown) => {
      if (error instanceof HttpError && error.code === "answer_lost") return null;
      throw error;
    });
    this.#act = "";
    return answer;
  }
}
