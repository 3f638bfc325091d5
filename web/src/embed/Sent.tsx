import { useEffect, useRef } from "react";
import type { Receipt } from "../api/support";

interface Props {
  receipt: Receipt;
  server: string;
  onAnother: () => void;
}

/** Says where the answer will be. */
export function Sent({ receipt, server, onAnother }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  // The form, and with it the focus, is gone.
  useEffect(() => heading.current?.focus(), []);

  const estimate = receipt.estimated_response_time;
  return (
    <section className="card sent" aria-labelledby="sent-title">
      <h2 id="sent-title" ref={heading} tabIndex={-1}>
        {receipt.message || "Thank you, we have received your message."}
      </h2>
      <p className="sent-number">
        Your ticket is <code>{receipt.ticket_number}</code>.
      </p>
      <p>
        {estimate && `Expected answer: ${estimate.charAt(0).toLowerCase()}${estimate.slice(1)}. `}
        It comes by email, and you can read it and reply on your ticket's page.
      </p>
      <div className="actions">
        <a
          className="button"
          href={ticketAddress(receipt, server)}
          target="_blank"
          rel="noopener noreferrer"
        >
          Open your ticket
        </a>
        <button type="button" className="button button-quiet" onClick={onAnother}>
          Write another message
        </button>
      </div>
    </section>
  );
}

/** The address the server gives, if it is one of the web. */
function ticketAddress(receipt: Receipt, server: string): string {
  return /^https?:\/\//i.test(receipt.status_url)
    ? receipt.status_url
    : `${server}/ticket/${encodeURIComponent(receipt.ticket_id)}`;
}
