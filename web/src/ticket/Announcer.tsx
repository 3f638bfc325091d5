import { useRef } from "react";
import type { Message, Ticket } from "../api/support";
import { readable } from "./readable";
import { authorWords, statusWords } from "./words";

interface Props {
  ticket: Ticket | undefined;
  /** The customer has just written the first message: every answer is news. */
  fresh: boolean;
}

/**
 * Speaks what changed since the page was opened: new answers, or else a new
 * status. What was there when the page opened is read in its place, not announced.
 */
export function Announcer({ ticket, fresh }: Props) {
  const first = useRef<Ticket>(undefined);
  if (ticket) first.current ??= fresh ? { ...ticket, messages: [] } : ticket;

  return (
    <div className="sr-only" role="status" aria-live="polite">
      {first.current && ticket ? news(first.current, ticket) : ""}
    </div>
  );
}

function news(before: Ticket, now: Ticket): string {
  const known = new Set(before.messages.map((message) => message.id));
  const answer = now.messages.findLast((m: Message) => m.author !== "customer" && !known.has(m.id));
  if (answer) return `New answer from ${authorWords[answer.author]}: ${readable(answer.text)}`;
  return before.status === now.status ? "" : statusWords[now.status].explanation;
}
