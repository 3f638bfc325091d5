/**
 * What must not reach a reader's eyes: control characters other than line ends
 * and tabs, and the marks that turn the direction of what follows, by which
 * "gpj.exe" is made to look like "exe.jpg" and one address like another. Marks
 * that only belong to their neighbours stay, for Arabic and Hebrew need them.
 */
const unreadable = /(?![\n\t])\p{Control}|[\u202A-\u202E\u2066-\u2069]/gu;

/** A text as it may be shown. */
export function readable(text: string): string {
  return text.replace(/\r\n|[\r\u0085\u2028\u2029]/gu, "\n").replace(unreadable, "");
}
