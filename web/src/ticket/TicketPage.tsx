import { useEffect, useRef, useState } from "react";
import { arrivalOf } from "../navigation";
import { NotFound } from "../ui/NotFound";
import { ProblemNotice } from "../ui/ProblemNotice";
import { Announcer } from "./Announcer";
import { Conversation } from "./Conversation";
import { countOwn, type Pending, stillPending } from "./pending";
import { ReplyForm } from "./ReplyForm";
import { useTicket } from "./useTicket";
import { WriteElsewhere } from "./WriteElsewhere";
import { readableTime, statusWords } from "./words";

export function TicketPage({ id }: { id: string }) {
  const [arrival] = useState(() => arrivalOf(id));
  const { ticket, seenAt, problem, refresh } = useTicket(id);
  const [sent, setSent] = useState<Pending[]>(() =>
    arrival ? [{ text: arrival.text, after: 0 }] : [],
  );
  const heading = useRef<HTMLHeadingElement>(null);

  const number = ticket?.ticket_number ?? arrival?.receipt.ticket_number;
  const pending = stillPending(sent, ticket);

  useEffect(() => {
    document.title = `${number ? `Ticket ${number}` : "Your ticket"} · Customer support`;
  }, [number]);

  useEffect(() => {
    if (arrival) heading.current?.focus();
  }, [arrival]);

  if (problem?.kind === "not_found") {
    return (
      <NotFound title="We could not find this ticket">
        The link may be incomplete: please copy it again as a whole. If you came here from an email,
        you can also just answer that email.
      </NotFound>
    );
  }

  function onSent(text: string) {
    const before = countOwn(ticket?.messages ?? []) + pending.length;
    setSent([...pending, { text, after: before }]);
    refresh();
  }

  const status = statusWords[ticket?.status ?? "received"];
  const estimate = lowerFirst(arrival?.receipt.estimated_response_time ?? "");
  const answered = ticket?.messages.some((message) => message.author !== "customer") ?? false;

  return (
    <div className="ticket">
      <section className="card ticket-head" aria-labelledby="ticket-title">
        <div className="ticket-title">
          <p className="eyebrow">Your ticket</p>
          <h1 id="ticket-title" ref={heading} tabIndex={-1}>
            {number ?? "Loading…"}
          </h1>
        </div>
        {(ticket || arrival) && (
          <div className="ticket-status">
            <p className={`pill pill-${status.tone}`} data-status={ticket?.status ?? "received"}>
              {status.label}
            </p>
            <p>{ticket?.continue_on ? "This ticket is closed." : status.explanation}</p>
          </div>
        )}
      </section>

      {arrival && !answered && (
        <div className="notice notice-good">
          <p>
            <strong>{arrival.receipt.message || "Thank you, we have your message."}</strong>{" "}
            {estimate && `Expected answer: ${estimate}. `}
            You may close this page: the answer comes by email too, and this address keeps working.
          </p>
        </div>
      )}

      {problem && (
        <ProblemNotice
          problem={problem}
          reassurance={
            seenAt
              ? `You see the ticket as it was at ${readableTime(seenAt)}. We keep trying.`
              : "We keep trying to load your ticket."
          }
          retryLabel="Try now"
          onRetry={refresh}
        />
      )}

      {(ticket || arrival) && (
        <>
          <Conversation ticket={ticket} pending={pending} />
          {ticket?.continue_on ? (
            <WriteElsewhere id={id} channel={ticket.continue_on} />
          ) : (
            <ReplyForm id={id} onSent={onSent} />
          )}
        </>
      )}
      <Announcer ticket={ticket} fresh={arrival !== undefined} />
    </div>
  );
}

/** "Usually within 5 minutes", ready to stand inside a sentence. */
function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
