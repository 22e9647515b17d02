// How the page is built, served while developing, and tested.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.MLSTEAM_PUBLIC_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { port: 5170, strictPort: true, proxy: { "/api": backend, "/tb": { target: backend, ws: true } } },
  build: { target: "es2022", chunkSizeWarningLimit: 600 },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
