/**
 * What was meant by what was typed, as the server reads it: see Sanitize and
 * Line in channel/text and normal in channel/webform/fields.go.
 */
export function normal(kind: string, typed: string): string {
  switch (kind) {
    case "words":
      return trim(sanitize(typed));
    case "email":
      return line(typed).toLowerCase();
    case "phone":
      return international(line(typed));
    default:
      return line(typed);
  }
}

function sanitize(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, "\uFFFD")
    .replace(/\r\n|[\r\u0085\u2028\u2029]/gu, "\n")
    .replace(/(?![\n\t])\p{Control}/gu, "");
}

// Not \s: it takes U+FEFF for space, which the server does not.

function line(text: string): string {
  return trim(sanitize(text).replace(/\p{White_Space}+/gu, " "));
}

function trim(text: string): string {
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
}

/** A number without what people put between its digits: +44 (0)20 7946-0000. */
function international(text: string): string {
  const bare = text.replace(/[-–./ ]/gu, "").replace(/^00/u, "+");
  const called = bare.startsWith("+") ? bare.replace("(0)", "") : bare;
  return called.replace(/[()]/gu, "");
}
