/** The page for one-to-one prayer: dress it, let the church's page around it speak to us, and begin. */

import { NarthexConcern } from "./concern";
import "../core/tokens.css";
import "../core/base.css";
import "../prayer/styles.css";
import "./styles.css";
import { Bridge, type Init } from "../core/bridge";
import { closer } from "../core/closer";
import { readPage } from "../core/page";
import { learn } from "../core/speech";
import { wear } from "../core/theme";
import { Visitor } from "../core/visitor";
import { NarthexLivePrayerApp } from "./app";
import { speak } from "./speech";

customElements.define("narthex-concern", NarthexConcern);
customElements.define("narthex-live-prayer-app", NarthexLivePrayerApp);

const page = readPage(document, window.location);
const visitor = new Visitor(page);
const bridge = new Bridge();
const app = new NarthexLivePrayerApp();
let undress = wear(document.documentElement, page.theme);
let wanted: readonly string[] = navigator.languages;
let closable = false;

/** The church's page has said how we should look and speak. */
function begin({ theme, language, closable: can }: Init): void {
  visitor.site = bridge.site;
  closable = can ?? false;
  if (theme) {
    undress();
    undress = wear(document.documentElement, { ...page.theme, ...theme });
  }
  if (language) wanted = [language, ...navigator.languages];
  if (app.isConnected) void begun();
}

async function begun(): Promise<void> {
  app.speech = await learn(
    () => wanted,
    (languages) => speak(languages, page.texts),
  );
  app.speech.settle(document.documentElement);
  document.title = `${app.speech.say("title")} · ${page.church.name}`;
  if (closable) closer(bridge, app.speech.say("close"));
}

bridge.listen(page.sites, begin);
bridge.onMessage = (message) => {
  if (message.type !== "identity") app.shown(message.type === "shown");
};
await begun();
Object.assign(app, { visitor, bridge });
document.body.append(app);
