/** Each script and style once more beside itself, packed as tightly as brotli can: the server only sends it. */

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const WORTH_PACKING = 1024; // bytes; as the server has it for gzip

export function packed() {
  let folder = "";
  return {
    name: "packed",
    apply: "build" as const,
    configResolved(config: { root: string; build: { outDir: string } }) {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle() {
      pack(folder);
    },
  };
}

/** Pack what was written since it was last packed; its highest quality is brotli's own default. */
export function pack(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => /\.(js|css)$/.test(file))) {
    const [file, target] = [join(folder, name), join(folder, `${name}.br`)];
    const done = existsSync(target) && statSync(target).mtimeMs >= statSync(file).mtimeMs;
    const body = readFileSync(file);
    if (!done && body.length > WORTH_PACKING) writeFileSync(target, brotliCompressSync(body));
  }
}
