import { expect, it } from "vitest";
import { splitLinks } from "./links";

const links = (text: string) => splitLinks(text).flatMap((piece) => piece.href ?? []);

it.each<[string, string, string[]]>([
  ["nothing to link", "Plain text.\nSecond line.", []],
  ["a link that ends a sentence", "See https://example.com/a.", ["https://example.com/a"]],
  ["a link in brackets", "(see https://example.com/a)", ["https://example.com/a"]],
  ["brackets inside", "https://example.com/a_(b)", ["https://example.com/a_(b)"]],
  ["a query", "http://example.com/?a=1&b=2, or", ["http://example.com/?a=1&b=2"]],
  [
    "two links",
    "https://a.example\nhttps://b.example",
    ["https://a.example/", "https://b.example/"],
  ],
  ["a script", "javascript:alert(1)", []],
  ["a data address", "data:text/html,<script>alert(1)</script>", []],
  ["markup around it", '<a href="https://example.com/">x</a>', ["https://example.com/"]],
  ["a host hidden behind another", "https://bank.example@evil.example/", []],
  ["no host at all", "https://", []],
])("%s", (_, text, expected) => {
  expect(links(text)).toEqual(expected);
});

it("loses no character of the text", () => {
  const text = "One https://a.example/x, two (https://b.example).\nThree https://u:p@c.example !";
  expect(
    splitLinks(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
});
