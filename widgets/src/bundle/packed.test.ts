// @vitest-environment node

import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { pack } from "./packed";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packed-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const unpacked = (name: string) => String(brotliDecompressSync(readFileSync(join(folder, name))));

it("packs scripts and styles that are worth it, and nothing else", () => {
  const long = "let peace;\n".repeat(200);
  for (const [name, text] of [
    ["a.js", long],
    ["a.css", long],
    ["small.js", "1"],
    ["manifest.json", long],
  ] as const)
    writeFileSync(join(folder, name), text);
  pack(folder);
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith(".br"))
      .sort(),
  ).toEqual(["a.css.br", "a.js.br"]);
  expect(unpacked("a.js.br")).toBe(long);
});

it("packs again what has changed", () => {
  const file = join(folder, "a.js");
  writeFileSync(file, "one\n".repeat(600));
  pack(folder);
  writeFileSync(file, "two\n".repeat(600));
  utimesSync(file, new Date(), new Date(Date.now() + 1_000));
  pack(folder);
  expect(unpacked("a.js.br")).toContain("two");
});
