/** Several builds, one manifest: the server reads manifest.json alone. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Put the manifest that a later build wrote into the first one's. */
export function addToManifest() {
  let folder = "";
  let name = "";
  return {
    name: "add-to-manifest",
    apply: "build" as const,
    configResolved(config: { root: string; build: { outDir: string; manifest: boolean | string } }) {
      folder = join(config.root, config.build.outDir);
      name = String(config.build.manifest);
    },
    closeBundle() {
      writeFileSync(join(folder, "manifest.json"), merged(read(folder, "manifest.json"), read(folder, name)));
      rmSync(join(folder, name));
    },
  };
}

/** Return both manifests as one; the later one's entries win. */
export function merged(first: string, later: string): string {
  return `${JSON.stringify({ ...JSON.parse(first), ...JSON.parse(later) }, null, 2)}\n`;
}

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), "utf8");
}
