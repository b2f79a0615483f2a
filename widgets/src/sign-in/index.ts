/** The page on which a member signs in, in a tab of its own; it hands what it got to the page that opened it. */

import "../core/tokens.css";
import "../core/base.css";
import "./page.css";
import { Opener } from "../core/elsewhere";
import { memoryOf, readPage } from "../core/page";
import { Session } from "../core/session";
import { wear } from "../core/theme";
import { NarthexSignInPage } from "./page";
import { speak } from "./speech";

customElements.define("narthex-sign-in-page", NarthexSignInPage);

const page = readPage(document, window.location);
const opener = window.opener as Window | null;
wear(document.documentElement, page.theme);

// what the opener speaks comes first: it may have been chosen there, where another memory is kept than here
const memory = memoryOf(page);
const chosen = [new URLSearchParams(window.location.search).get("language"), memory.read<string>("language")];
const wanted = [...chosen, ...navigator.languages].filter((language) => language !== null);

const speech = await speak(wanted, page.texts);
speech.settle(document.documentElement);
document.title = speech.say("signInTo", { church: page.church.name });
const app = Object.assign(new NarthexSignInPage(), {
  page,
  speech,
  opener: opener && new Opener(opener),
  keep: ({ tokens, name }: Parameters<NarthexSignInPage["keep"]>[0]) =>
    new Session(memory, "", () => Promise.reject()).adopt(tokens, name, true),
});
document.body.append(app);
