import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The form for other sites: one script with everything in it, beside the pages.
export default defineConfig({
  plugins: [react()],
  publicDir: false,
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    emptyOutDir: false,
    lib: {
      entry: "src/embed/main.ts",
      formats: ["iife"],
      name: "fteSupportForm",
      fileName: () => "embed.js",
    },
  },
});
