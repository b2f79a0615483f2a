/** The chat's page: read what the server wrote into it, dress it, and let the church's page around it speak to us. */

import "../core/tokens.css";
import "../core/base.css";
import "./styles/page.css";
import "./styles/stream.css";
import "./styles/composer.css";
import "./styles/sheets.css";
import { Bridge, type Init } from "../core/bridge";
import { readPage } from "../core/page";
import { learn } from "../core/speech";
import { wear } from "../core/theme";
import { NarthexChatApp } from "./app";
import { Chat } from "./chat";
import { NarthexComposer } from "./composer";
import type { Own } from "./page";
import { speak } from "./speech";
import { NarthexStream } from "./stream";

customElements.define("narthex-stream", NarthexStream);
customElements.define("narthex-composer", NarthexComposer);
customElements.define("narthex-chat-app", NarthexChatApp);

const page = readPage<Own>(document, window.location);
const chat = new Chat(page);
const bridge = new Bridge();
const app = new NarthexChatApp();
let undress = wear(document.documentElement, page.theme);
let wanted: readonly string[] = navigator.languages;
let own = page;

/** The church's page has said how we should look, speak, and who its visitor is. */
function begin({ theme, language, identity, closable, texts }: Init): void {
  if (theme) {
    undress();
    undress = wear(document.documentElement, { ...page.theme, ...theme });
  }
  chat.site = bridge.site;
  app.closable = closable ?? false;
  if (language) wanted = [language, ...navigator.languages];
  if (texts && bridge.ours) own = app.page = { ...page, texts };
  if (app.isConnected && (language || texts)) void app.learn(languages());
  if (identity) void chat.vouched(identity);
}

/** What the reader chose here comes first, then what the church's page speaks, then what their browser asks for. */
function languages(): readonly string[] {
  const chosen = chat.memory.read<string>("language");
  return chosen ? [chosen, ...wanted] : wanted;
}

bridge.listen(page.sites, begin);
bridge.onMessage = (message) => {
  if (message.type === "identity") void chat.vouched(message.identity);
  else app.watch(message.type === "shown");
};

const speech = await learn(languages, (wanted) => speak(wanted, page.texts));
speech.settle(document.documentElement);
document.title = `${speech.say("title")} · ${page.church.name}`;
Object.assign(app, { chat, page: own, bridge, speech });
document.body.append(app);
if (own !== page) void app.learn(languages());
