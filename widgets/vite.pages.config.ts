import { defineConfig } from "vite";
import { addToManifest } from "./src/bundle/manifest.ts";
import { packed } from "./src/bundle/packed.ts";
import { tightTemplates } from "./src/bundle/templates.ts";

// What visitors open besides the chat: each page is an entry here, and what several of them need is one shared script
// and style. The chat has a build of its own, because one file less is worth more to it than what it could share.
export default defineConfig({
  plugins: [tightTemplates(), addToManifest(), packed()],
  base: "/assets/",
  build: {
    outDir: "dist",
    emptyOutDir: false,
    manifest: "manifest.pages.json",
    assetsDir: "",
    target: "es2022",
    modulePreload: false, // the polyfill would be an inline script, which our CSP refuses
    rollupOptions: {
      input: {
        "sign-in": "src/sign-in/index.ts",
        prayer: "src/prayer/index.ts",
        "live-prayer": "src/live-prayer/index.ts",
      },
      output: {
        codeSplitting: {
          groups: [
            { name: "shared", minShareCount: 3 },
            { name: "praying", minShareCount: 2 },
          ],
        },
      },
    },
  },
});
