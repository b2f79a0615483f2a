/** What the server wrote into the chat's page. */

import type { Now, RoomShown } from "../core/generated";
import type { Page as AnyPage } from "../core/page";

/** What is on, and its room, when the server knew them already. */
export interface Own {
  readonly now: Now;
  readonly room: RoomShown;
}

export type Page = AnyPage & Partial<Own>;
