// How the page is built, served while developing, and tested.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const backend = process.env.MLSTEAM_PUBLIC_URL ?? "http://127.0.0.1:8080";

/** Lays a Brotli of each file beside it: packed once, as hard as it goes, and not by whoever serves it. */
function pack(): Plugin {
  return {
    name: "pack",
    apply: "build",
    async writeBundle({ dir = "dist" }, bundle) {
      const files = Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name));
      await Promise.all(
        files.map(async (name) => {
          const file = join(dir, name);
          await writeFile(`${file}.br`, await promisify(brotliCompress)(await readFile(file)));
        }),
      );
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [react(), pack()],
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
      hysnappy: fileURLToPath(new URL("./src/features/files/snappy.ts", import.meta.url)),
    },
  },
  server: { port: 5170, strictPort: true, proxy: { "/api": backend, "/tb": { target: backend, ws: true } } },
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      // What nearly every page needs comes in one file: it packs better, and a first visit asks half as often.
      output: { codeSplitting: { groups: [{ name: "shared", minShareCount: 14 }] } },
    },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
