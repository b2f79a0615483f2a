// `npm run pin`, once a release: keep the loader as it is offered, so that websites which pinned it go on for ever.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";

const loader = new URL("dist/embed.js", import.meta.url);
const version = createHash("sha256").update(readFileSync(loader)).digest("hex").slice(0, 16);
mkdirSync(new URL("pinned/", import.meta.url), { recursive: true });
copyFileSync(loader, new URL(`pinned/${version}.js`, import.meta.url));
console.log(`pinned/${version}.js`);
