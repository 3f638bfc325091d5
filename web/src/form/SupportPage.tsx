import { useEffect } from "react";
import { openTicket } from "../navigation";
import { SupportForm } from "./SupportForm";

export function SupportPage() {
  useEffect(() => {
    document.title = "How can we help? · Customer support";
  }, []);

  return (
    <div className="support">
      <div className="intro">
        <h1>How can we help?</h1>
        <p className="lead">
          Tell us what you need. We read every message, day and night, and answer as quickly as we
          can.
        </p>
        <ol className="steps">
          <li>
            <strong>You write to us.</strong> You get a ticket number at once.
          </li>
          <li>
            <strong>We look into it.</strong> Our assistant answers what it knows for certain, and
            brings in a colleague for everything else.
          </li>
          <li>
            <strong>You get the answer.</strong> It appears on your ticket page, and we email it to
            you too.
          </li>
        </ol>
      </div>
      <SupportForm onSent={(receipt, { message }) => openTicket({ receipt, text: message })} />
    </div>
  );
}
