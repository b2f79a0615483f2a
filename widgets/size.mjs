// `npm run size`: what visitors load, packed as the server sends it, against the bounds of P10 (without HTTP headers).

import { existsSync, readFileSync } from "node:fs";

const DIST = new URL("dist/", import.meta.url);
const KIB = 1024;
const HEADERS = 660; // bytes of one answer's headers, as the server sends them
const LOADERS_HEADERS = 580; // a script's policies are shorter
const manifest = JSON.parse(readFileSync(new URL("manifest.json", DIST), "utf8"));

function packed(name) {
  const [file, tight] = [new URL(name, DIST), new URL(`${name}.br`, DIST)];
  return (
    readFileSync(existsSync(tight) ? tight : file).length + (name === "embed.js" ? LOADERS_HEADERS : HEADERS)
  );
}

/** All that a page loads: its own script and styles, what it shares with others, and its words in one language. */
function page(app, language) {
  const parts = (name) => [name, ...(manifest[name].imports ?? []).flatMap(parts)];
  const names = new Set([...parts(`src/${app}/index.ts`), `src/${app}/words/${language}.ts`]);
  return [...names].flatMap((name) => [manifest[name].file, ...(manifest[name].css ?? [])]);
}

const rows = [
  ["loader", ["embed.js"], 4 * KIB],
  ["chat, English", page("chat", "en"), 45 * KIB - 2_600], // the document itself
  ["chat, Spanish", page("chat", "es"), 45 * KIB - 2_600],
  ["sign-in, English", page("sign-in", "en"), 20 * KIB],
  ["sign-in, Spanish", page("sign-in", "es"), 20 * KIB],
  ["prayer, English", page("prayer", "en"), 40 * KIB],
  ["prayer, Spanish", page("prayer", "es"), 40 * KIB],
  ["live prayer, English", page("live-prayer", "en"), 40 * KIB],
  ["live prayer, Spanish", page("live-prayer", "es"), 40 * KIB],
];
let over = false;
for (const [name, files, most] of rows) {
  const size = files.reduce((sum, file) => sum + packed(file), 0);
  over ||= size > most;
  console.log(
    `${name.padEnd(20)} ${(size / KIB).toFixed(1).padStart(5)} of ${(most / KIB).toFixed(1)} KiB${size > most ? "  TOO LARGE" : ""}`,
  );
}
process.exitCode = over ? 1 : 0;
