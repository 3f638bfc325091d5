import { expect, it } from "vitest";
import { readable } from "./readable";

it.each([
  ["plain text", "Grüße 👋🏽\n\tja", "Grüße 👋🏽\n\tja"],
  ["an override", "invoice_\u202Egpj.exe", "invoice_gpj.exe"],
  ["embeddings and isolates left open", "\u202Aa\u202Bb\u202Dc\u2066d\u2067e\u2068f", "abcdef"],
  ["their ends", "a\u202Cb\u2069c", "abc"],
  ["control characters", "a\u0000b\u001B[31mc\u007Fd\u009Be", "ab[31mcde"],
  ["every kind of line end", "a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"],
  ["marks of right-to-left languages", "שלום\u200F!", "שלום\u200F!"],
  ["a family", "👩\u200D👩\u200D👧", "👩\u200D👩\u200D👧"],
])("shows %s as it may be read", (_, text, shown) => {
  expect(readable(text)).toBe(shown);
});
