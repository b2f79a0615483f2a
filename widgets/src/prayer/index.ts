/** The prayer pages: read which one this is, dress it, and let the church's page around it speak to us. */

import "../core/tokens.css";
import "../core/base.css";
import "./styles.css";
import { Bridge, type Init } from "../core/bridge";
import { closer } from "../core/closer";
import { readPage } from "../core/page";
import { learn } from "../core/speech";
import { wear } from "../core/theme";
import { NarthexPrayerForm } from "./form";
import { NarthexLobby } from "./lobby";
import { NarthexOwnPrayer } from "./own";
import { Asker, type Link, type Own } from "./page";
import { type Speech, speak } from "./speech";
import { show } from "./turn";
import { Wall } from "./wall";
import { NarthexWallPage } from "./wall-page";

customElements.define("narthex-wall-page", NarthexWallPage);
customElements.define("narthex-prayer-form", NarthexPrayerForm);
customElements.define("narthex-own-prayer", NarthexOwnPrayer);
customElements.define("narthex-lobby", NarthexLobby);

const page = readPage<Own>(document, window.location);
const visitor = new Asker(page);
const bridge = new Bridge();
let undress = wear(document.documentElement, page.theme);
let wanted: readonly string[] = navigator.languages;
let speech: Speech | null = null;
let wall: Wall | null = null;
let closable = false;

/** The church's page has said how we should look and speak. */
async function begin({ theme, language, closable: can }: Init): Promise<void> {
  visitor.site = bridge.site;
  closable = can ?? false;
  if (theme) {
    undress();
    undress = wear(document.documentElement, { ...page.theme, ...theme });
  }
  if (language) wanted = [language, ...navigator.languages];
  if (speech) await begun();
}

async function begun(): Promise<Speech> {
  const learnt = await learn(
    () => wanted,
    (languages) => speak(languages, page.texts),
  );
  speech = learnt;
  learnt.settle(document.documentElement);
  for (const element of document.body.children) if ("speech" in element) element.speech = learnt;
  if (closable) closer(bridge, learnt.say("close"));
  return learnt;
}

function theWall(): Wall {
  if (!wall) {
    wall = new Wall(visitor);
    wall.start();
  }
  return wall;
}

function showWall(): void {
  show(
    Object.assign(new NarthexWallPage(), { visitor, speech, wall: theWall(), ask: () => showForm(showWall) }),
  );
}

function showForm(back: (() => void) | null): void {
  const see = (link: Link) => showOwn(link, back);
  show(Object.assign(new NarthexPrayerForm(), { visitor, speech, back, see }));
}

function showOwn(link: Link, back: (() => void) | null): void {
  show(Object.assign(new NarthexOwnPrayer(), { visitor, speech, link, back: () => showForm(back) }));
}

/** The secret link in the address: behind #, where no server sees it, and taken out of the history at once. */
function linkInAddress(): Link | null {
  const found = /^#own=([0-9a-f-]{36})\.([\w-]{20,100})$/.exec(window.location.hash);
  if (!found) return null;
  history.replaceState(null, "", window.location.pathname);
  const link = { id: found[1] as string, token: found[2] as string };
  visitor.keep(link);
  return link;
}

bridge.listen(page.sites, (init) => void begin(init));
const first = await begun();
const title = page.view === "prayer-request" ? "formTitle" : "wallTitle";
document.title = `${first.say(title)} · ${page.church.name}`;
const link = linkInAddress();
if (page.view === "lobby")
  show(Object.assign(new NarthexLobby(), { visitor, speech: first, wall: theWall() }));
else if (link) showOwn(link, null);
else if (page.view === "prayer-request") showForm(null);
else showWall();
window.addEventListener("online", () => wall?.live.wake());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) wall?.live.wake();
});
