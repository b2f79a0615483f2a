/** `npm run preview`: the built chat with believable people, on http://127.0.0.1:4173/w/grace/chat. */

import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { ChurchInMemory, GATHERING } from "./church";

const DIST = "dist";
const KINDS: Record<string, string> = { js: "text/javascript", css: "text/css", html: "text/html" };
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types lit-html";
const LINES = [
  "Good morning from Lagos! ☀️",
  "Grace and peace, everyone",
  "The choir sounds wonderful today",
  "Amen",
  "First time here, my neighbour invited me",
  "Welcome! So glad you are with us",
  "Could somebody post the reading?",
  "Psalm 46, verses 1 to 7",
  "“God is our refuge and strength, an ever-present help in trouble.” I needed to hear that this week, it has been a long one at the hospital.",
  "🙏🙏",
  "Praying for you, and for everyone on the night shift",
  "The notes are at https://grace.example/notes/refuge if you want to follow along.",
  "Buenos días desde Bogotá",
  "Thank you for keeping this open for those of us at home",
  "My daughter is singing along in the kitchen",
];
const NAMES = [
  "Ruth Adeyemi",
  "Tom",
  "María del Carmen",
  "Joon-ho",
  "Anna Lindqvist",
  "Pastor Dan",
  "Grandma Jo",
  "Samuel",
  "יעל כהן",
  "Priya",
];

const church = new ChurchInMemory((request, answer) => {
  const url = new URL(request.url ?? "", "http://church");
  if (url.pathname.startsWith("/w/")) return page(answer, url);
  if (url.pathname.startsWith("/assets/")) return file(answer, url.pathname.slice("/assets/".length));
  if (url.pathname === "/embed.js") return file(answer, "embed.js");
  if (url.pathname === "/") return host(answer);
  if (url.pathname === "/do") return act(answer, url.searchParams);
  return false;
});

function page(answer: ServerResponse, url: URL): boolean {
  const manifest = JSON.parse(readFileSync(`${DIST}/manifest.json`, "utf8")) as Record<
    string,
    { file: string; css?: string[]; imports?: string[] }
  >;
  const entry = manifest["src/chat/index.ts"];
  const data = {
    church: { slug: "grace", name: "Grace Church", status: url.searchParams.get("status") ?? "active" },
    sites: ["http://site.localhost:8123", `http://${url.searchParams.get("site") ?? "127.0.0.1:4173"}`],
    theme: {
      scheme: url.searchParams.get("scheme") ?? "auto",
      accent: url.searchParams.get("accent") ?? undefined,
    },
    consent: { version: "1", url: "https://grace.example/rules" },
  };
  const parts = [...(entry?.imports ?? []).map((name) => manifest[name]), entry];
  const styles = parts
    .flatMap((part) => part?.css ?? [])
    .map((css) => `<link rel="stylesheet" href="/assets/${css}">`)
    .join("");
  answer.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY });
  answer.end(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
      `<title>Chat</title>${styles}<script type="module" src="/assets/${entry?.file}"></script>` +
      `<script type="application/json" id="narthex-page">${JSON.stringify(data)}</script></head><body></body></html>`,
  );
  return true;
}

function host(answer: ServerResponse): boolean {
  answer.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  answer.end(
    `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width, initial-scale=1"><title>Grace</title></head>` +
      `<body><h1>Grace Church</h1><p>${"We are glad that you are here. ".repeat(30)}</p>` +
      `<script src="/embed.js" data-church="grace" async></script></body></html>`,
  );
  return true;
}

function file(answer: ServerResponse, name: string): boolean {
  answer.writeHead(200, { "content-type": KINDS[name.split(".").at(-1) ?? ""] ?? "text/plain" });
  answer.end(readFileSync(`${DIST}/${name}`));
  return true;
}

/** Make something happen: `/do?what=say&count=500`, `cut`, `slow`, `lock`, `wait`, `close`, `hold`. */
function act(answer: ServerResponse, query: URLSearchParams): boolean {
  const what = query.get("what") ?? "";
  const count = Number(query.get("count") ?? 1);
  const hour = 3_600_000;
  if (what === "say") for (let i = 0; i < count; i++) church.say(somebody(i), LINES[i % LINES.length] ?? "");
  if (what === "typing") church.pass("ephemeral", "typing", { people: [somebody(0), somebody(2)], count: 2 });
  if (what === "floats") church.pass("ephemeral", "floats", { emoji: { "❤️": 9, "🙏": 4 } });
  if (what === "cut") church.cut();
  if (what === "slow") church.changeRoom({ slow_seconds: 30 });
  if (what === "lock") church.changeRoom({ locked: true });
  if (what === "ban") church.close(4504, "banned");
  if (what === "refuse") church.refuse = { code: "word_refused", detail: "" };
  if (what === "take") church.refuse = null;
  if (what === "silent") church.silent = true;
  if (what === "wait" || what === "end") {
    const at = (offset: number) => new Date(Date.now() + offset * hour).toISOString();
    const [opens, closes] = what === "wait" ? [at(1.75), at(4)] : [at(-3), at(-0.1)];
    church.gathering = {
      ...church.gathering,
      opens_at: opens,
      closes_at: closes,
      starts_at: at(2.25),
      ends_at: at(3.5),
    };
    church.changeRoom({ opens_at: opens, closes_at: closes, gathering: GATHERING });
  }
  answer.end("done");
  return true;
}

const people = NAMES.map((name) => church.guest(name));
const somebody = (i: number) => people[(i * 7 + (i >> 2)) % people.length] as (typeof people)[0];
const total = Number(process.env.MESSAGES ?? 140);
for (let i = 0; i < total; i++) {
  const who = somebody(Math.floor(i / 1.6));
  const label =
    who.name === "Pastor Dan"
      ? { author: { id: who.id, kind: "person", name: who.name, label: "Host" } }
      : {};
  church.seed(who, LINES[i % LINES.length] ?? "", Date.now() - (total - i) * 23_000, label);
}
const known = church.messages.slice(-12);
if (known[2] && known[8]) {
  church.messages[church.messages.length - 4] = { ...known[8], reply_to: known[2].id };
  church.reactions.set(known[2].id, { "🙏": 7, "❤️": 3 });
  church.reactions.set(known[8].id, { "🎉": 2 });
}
const pinned = church.messages[church.messages.length - 30];
if (pinned)
  church.messages[church.messages.length - 30] = {
    ...pinned,
    body: "Reading today: Psalm 46. Prayer team is here until noon.",
    pinned: true,
  };
await church.start(Number(process.env.PORT ?? 4173));
console.log("http://127.0.0.1:4173/w/grace/chat and a church's page around it: http://127.0.0.1:4173/");
