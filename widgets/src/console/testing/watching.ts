/** A page of the console with everything behind it played by the test: the API, the socket, and who is signed in. */

import type { CaseShown } from "../../core/generated";
import type { Session } from "../api";
import { teamsFor } from "../pages";
import { Watch } from "../watch/watch";
import { Church, settled } from "./server";
import { PlayedSocket } from "./socket";

export class Watching {
  readonly church = new Church();
  readonly session: Session;
  readonly watch: Watch;

  /** Cases by the queue they wait on. */
  constructor(roles: readonly string[], cases: readonly CaseShown[] = []) {
    const teams = teamsFor(roles);
    const waiting = (team: string) => cases.filter((one) => one.team === team);
    PlayedSocket.reset({
      ...Object.fromEntries(
        teams.map((team) => [
          `queue:${team}`,
          { cases: waiting(team), waiting: waiting(team).length, oldest_at: null },
        ]),
      ),
      "me:p1": { held: [], blocked: [] },
    });
    this.session = { person: { id: "p1", name: "Ruth", roles: [...roles] }, csrf: "c" };
    this.church
      .on("POST auth/socket", { token: "t", expires_in: 300 })
      .on("GET moderation/alarms", [])
      .on("GET moderation/people", [
        { id: "p1", name: "Ruth", teams: ["prayer", "care"] },
        { id: "p2", name: "Paul", teams: ["prayer", "care"] },
      ])
      .on("GET moderation/replies", []);
    this.watch = new Watch(this.church.api, "ws://n.example/live/grace", "p1", teams, "en");
    this.watch.start();
  }

  /** Put a page of this console on the screen. */
  async show<Page extends HTMLElement>(name: string, more: object = {}): Promise<Page> {
    const page = document.createElement(name) as Page;
    Object.assign(page, { api: this.church.api, session: this.session, watch: this.watch, ...more });
    document.body.append(page);
    await this.drawn();
    return page;
  }

  async drawn(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      await settled();
      await new Promise((done) => setTimeout(done, 60)); // frames are told at most every 50 ms
    }
  }

  get socket(): PlayedSocket {
    return PlayedSocket.last;
  }

  stop(): void {
    document.body.replaceChildren();
    this.watch.stop();
  }
}

/** Return the button that begins with these words. */
export function button(root: ParentNode, text: string): HTMLButtonElement {
  const all = [...root.querySelectorAll<HTMLButtonElement>("button")];
  const found = all.find((one) => one.textContent?.replace(/\s+/g, " ").trim().startsWith(text));
  if (!found)
    throw new Error(`no button ${text} among ${all.map((one) => one.textContent?.trim()).join(" | ")}`);
  return found;
}

export function press(target: Element, key: string): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}
