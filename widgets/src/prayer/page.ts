/** Which of the prayer pages this is, and what all of them share: who is here, the church's API, what this browser keeps. */

import { Http } from "../core/http";
import { Visitor } from "../core/visitor";

export type View = "prayer-wall" | "prayer-request" | "lobby";

/** What the server writes for this app alone. */
export interface Own {
  readonly view: View;
}

/** A request this browser asked for: its secret link is kept here and nowhere else. */
export interface Link {
  readonly id: string;
  readonly token: string;
}

const MARK = "mark";
const LINKS = "prayers";
const MOST_LINKS = 20;

/** A visitor who asks for prayer and prays. */
export class Asker extends Visitor {
  /** What somebody without a name is counted by; made at the first click, and the same on every wall of this church. */
  get mark(): string {
    const kept = this.memory.read<string>(MARK);
    if (kept) return kept;
    const bytes = crypto.getRandomValues(new Uint8Array(18));
    const made = btoa(String.fromCharCode(...bytes))
      .replaceAll("+", "-")
      .replaceAll("/", "_");
    this.memory.write(MARK, made);
    return made;
  }

  /** The same, without making one: who has clicked nothing leaves no trace. */
  get keptMark(): string | null {
    return this.memory.read<string>(MARK);
  }

  get links(): readonly Link[] {
    return this.memory.read<Link[]>(LINKS) ?? [];
  }

  keep(link: Link): void {
    const others = this.links.filter(({ id }) => id !== link.id);
    this.memory.write(LINKS, [link, ...others].slice(0, MOST_LINKS));
  }

  drop(id: string): void {
    this.memory.write(
      LINKS,
      this.links.filter((link) => link.id !== id),
    );
  }

  /** Ask about one request as whoever holds its link; without a link as who is signed in. */
  asker(token: string | null): Http {
    const extra: Record<string, string> = token ? { "x-prayer-link": token } : {};
    return new Http(this.page.api, (refused) => this.session.token(refused), extra);
  }
}
