export interface Piece {
  text: string;
  /** Set when the piece is a link. Always http or https. */
  href?: string;
}

const candidate = /\bhttps?:\/\/[^\s<>"]+/gi;

/** Cuts a text into plain pieces and links. Joined again, the pieces are the text, unchanged. */
export function splitLinks(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(candidate)) {
    const address = withoutTrailingPunctuation(match[0]);
    const href = safeAddress(address);
    if (!href) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) });
    pieces.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

function safeAddress(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  // "https://bank.example@evil.example" reads like one site and opens another.
  const hidesItsHost = url.username !== "" || url.password !== "";
  return isWeb && !hidesItsHost ? url.href : undefined;
}

/** Drops what ends the sentence, and a bracket that was opened before the address. */
function withoutTrailingPunctuation(address: string): string {
  let end = address.length;
  while (end > 0) {
    const last = address.charAt(end - 1);
    const kept = address.slice(0, end);
    const closesEarlier =
      (last === ")" && count(kept, ")") > count(kept, "(")) ||
      (last === "]" && count(kept, "]") > count(kept, "["));
    if (!closesEarlier && !".,;:!?'*_”’".includes(last)) break;
    end--;
  }
  return address.slice(0, end);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
