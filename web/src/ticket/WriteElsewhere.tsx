import { useDraft } from "../form/draft";
import { emptyReply, type Reply } from "../form/schema";
import { replySlot } from "./ReplyForm";

const where = {
  email: "To carry on, simply answer our last email. That reaches us right away.",
  whatsapp: "To carry on, simply write to us on WhatsApp again. That reaches us right away.",
};

interface Props {
  id: string;
  channel: keyof typeof where;
}

/** Stands in for the reply form on a page that would not show what is written there. */
export function WriteElsewhere({ id, channel }: Props) {
  const draft = useDraft<Reply>(replySlot(id), emptyReply);
  return (
    <section className="card reply" aria-label="How to carry on">
      <p>
        <strong>No more messages can be added on this page.</strong> {where[channel]}
      </p>
      {draft.initial.message && (
        <div className="field">
          <label htmlFor="begun">
            You had begun to write this. It was not sent; please copy it.
          </label>
          <textarea id="begun" rows={3} readOnly value={draft.initial.message} />
        </div>
      )}
    </section>
  );
}
