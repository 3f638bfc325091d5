import base from "../styles/base.css?inline";
import form from "../styles/form.css?inline";
import own from "./embed.css?inline";

export type Theme = "light" | "dark" | "auto";

/**
 * The styles of our own pages, for a form inside another one: nothing hangs on
 * the root of that page, neither our colours nor the size of its letters.
 */
export function embeddedStyles(theme: Theme): string {
  const dark = { light: "not all", dark: "all", auto: "(prefers-color-scheme: dark)" }[theme];
  return [own, base, form]
    .join("\n")
    .replaceAll(":root", ".embed")
    .replaceAll(/\(prefers-color-scheme:\s*dark\)/g, dark)
    .replaceAll(/(\d*\.?\d+)rem\b/g, (_, size) => `${16 * Number(size)}px`);
}
