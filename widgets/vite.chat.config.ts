import { defineConfig } from "vite";
import { addToManifest } from "./src/bundle/manifest.ts";
import { packed } from "./src/bundle/packed.ts";
import { tightTemplates } from "./src/bundle/templates.ts";

// The chat in its frame: one script, one style, one file for each language.
export default defineConfig({
  plugins: [tightTemplates(), addToManifest(), packed()],
  base: "/assets/",
  build: {
    outDir: "dist",
    emptyOutDir: false,
    manifest: "manifest.chat.json",
    assetsDir: "",
    target: "es2022",
    modulePreload: false, // the polyfill would be an inline script, which our CSP refuses
    rollupOptions: { input: { chat: "src/chat/index.ts" } },
  },
});
