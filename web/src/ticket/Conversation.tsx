import type { Message, Ticket } from "../api/support";
import { PlainText } from "./PlainText";
import type { Pending } from "./pending";
import { authorWords, awaitsAnswer, journey, readableTime } from "./words";

interface Props {
  ticket: Ticket | undefined;
  pending: readonly Pending[];
}

export function Conversation({ ticket, pending }: Props) {
  const messages = ticket?.messages ?? [];
  const last = messages.at(-1);
  const ourTurn =
    ticket !== undefined && awaitsAnswer(ticket) && (!last || last.author === "customer");
  const preparing = ourTurn || pending.length > 0;

  return (
    <section aria-label="Conversation">
      {messages.length + pending.length === 0 && (
        <div className="empty">
          <p>
            <strong>We have your message.</strong>
          </p>
          <p>It will appear here in a moment, and our answer right below it.</p>
        </div>
      )}
      <ol className="conversation">
        {messages.map((message) => (
          <Entry key={message.id} message={message} />
        ))}
        {pending.map((message) => (
          <li key={message.after} className="entry entry-customer" data-author="customer">
            <p className="entry-author">{authorWords.customer}</p>
            <div className="bubble">
              <PlainText text={message.text} />
            </div>
            <p className="entry-meta">We have it</p>
          </li>
        ))}
      </ol>
      {preparing && (
        <p className="preparing">
          <span className="dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          Preparing your answer. This page updates by itself.
        </p>
      )}
    </section>
  );
}

function Entry({ message }: { message: Message }) {
  const time = readableTime(message.at);
  const travel = journey(message);
  return (
    <li className={`entry entry-${message.author}`} data-author={message.author}>
      <p className="entry-author">{authorWords[message.author]}</p>
      <div className="bubble">
        <PlainText text={message.text} />
      </div>
      <p className="entry-meta">
        {time && <time dateTime={message.at}>{time}</time>}
        {time && travel && " · "}
        {travel}
      </p>
    </li>
  );
}
