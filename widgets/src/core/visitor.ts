/** Who visits one of our pages: who they are to the server, what their browser keeps, and the church's API. */

import type { Tokens } from "./generated";
import { Http } from "./http";
import { memoryOf, type Page } from "./page";
import { Session } from "./session";
import type { Memory } from "./storage";

export class Visitor {
  readonly memory: Memory;
  readonly session: Session;
  readonly http: Http;
  /** The website that holds us, once it has said so. */
  site = "";

  constructor(readonly page: Page) {
    const open = new Http(page.api);
    this.memory = memoryOf(page);
    this.session = new Session(this.memory, `narthex:${page.church.slug}`, (refresh_token) =>
      open.send<Tokens>("POST", "/auth/refresh", { refresh_token }),
    );
    this.http = new Http(page.api, (refused) => this.session.token(refused));
  }

  /** Become a guest, if nobody is here yet: whose words others read has a name and has agreed to the rules. */
  async arrive(nickname: string, language: string): Promise<void> {
    if (this.session.person) return;
    const tokens = await new Http(this.page.api).send<Tokens>("POST", "/auth/guest", {
      nickname,
      consent: this.page.consent.version,
      site: this.site,
      locale: language,
    });
    this.session.adopt(tokens, nickname);
  }
}
