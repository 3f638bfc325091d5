import { splitLinks } from "./links";
import { readable } from "./readable";

/** A message as plain text: line breaks by CSS, web addresses clickable, never as HTML. */
export function PlainText({ text }: { text: string }) {
  let at = 0;
  return (
    <p className="text" dir="auto">
      {splitLinks(readable(text)).map((piece) => {
        const key = at;
        at += piece.text.length;
        if (!piece.href) return <span key={key}>{piece.text}</span>;
        return (
          <a key={key} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        );
      })}
    </p>
  );
}
