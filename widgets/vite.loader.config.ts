import { defineConfig } from "vite";
import { packed } from "./src/bundle/packed.ts";

// The one file on a church's own website: a classic script, no imports, no hash in its name, in one global scope.
export default defineConfig({
  plugins: [packed()],
  build: {
    outDir: "dist",
    emptyOutDir: false,
    copyPublicDir: false,
    target: "es2022",
    lib: {
      entry: "src/loader/index.ts",
      formats: ["iife"],
      name: "narthexLoader",
      fileName: () => "embed.js",
    },
  },
});
