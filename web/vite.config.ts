import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    // A data: URI would be refused by the server's `default-src 'self'`.
    assetsInlineLimit: 0,
    // The polyfill is only for browsers older than the build target.
    modulePreload: { polyfill: false },
  },
  server: {
    // The description of the form lies with the server's code.
    fs: { allow: [".", "../channel/webform"] },
    proxy: { "/support": process.env.BACKEND ?? "http://localhost:8080" },
  },
  test: {
    environment: "jsdom",
    setupFiles: "src/test/setup.ts",
    restoreMocks: true,
    // Typing is played key by key, on machines that do other things as well.
    testTimeout: 20_000,
  },
});
