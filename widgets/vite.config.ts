import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { defineConfig } from "vitest/config";
import { packed } from "./src/bundle/packed.ts";
import { tightTemplates } from "./src/bundle/templates.ts";

// The console: hashed files plus a manifest that the server reads to name them in its pages.
// The chat and the loader have builds of their own and land beside them: what visitors load shares nothing with the
// console, so that each is one script and one style and nothing more.
export default defineConfig({
  plugins: [tightTemplates(), documentViewer(), packed()],
  base: "/assets/",
  build: {
    outDir: "dist",
    manifest: "manifest.json",
    assetsDir: "",
    target: "es2022",
    modulePreload: false, // the polyfill would be an inline script, which our CSP refuses
    rollupOptions: { input: { console: "src/console/index.ts" } },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    css: true, // tokens.css is read by its test
  },
});

/** Lay Swagger UI beside our own files: the server's /docs shows the API with it and asks nobody else for anything. */
function documentViewer() {
  const folder = createRequire(import.meta.url)
    .resolve("swagger-ui-dist/package.json")
    .replace("package.json", "");
  return {
    name: "document-viewer",
    apply: "build" as const,
    generateBundle(this: {
      emitFile: (file: { type: "asset"; fileName: string; source: Buffer }) => string;
    }) {
      for (const name of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
        this.emitFile({ type: "asset", fileName: `docs/${name}`, source: readFileSync(folder + name) });
      }
    },
  };
}
