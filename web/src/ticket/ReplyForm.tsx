import { zodResolver } from "@hookform/resolvers/zod";
import { useEffect, useRef, useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import type { Problem } from "../api/problem";
import { sendReply } from "../api/support";
import { useDraft } from "../form/draft";
import { asProblem, splitFieldErrors } from "../form/refusal";
import { countCharacters, emptyReply, type Reply, replyField, replySchema } from "../form/schema";
import { Counter, Field } from "../ui/Field";
import { ProblemNotice } from "../ui/ProblemNotice";

interface Props {
  id: string;
  /** Called with the text once the server has it. */
  onSent: (text: string) => void;
}

/** Where the draft of a further message is kept. */
export function replySlot(id: string): string {
  return `fte.draft.reply.${id}`;
}

/** A further message on the same ticket, with a draft of its own. */
export function ReplyForm({ id, onSent }: Props) {
  const draft = useDraft<Reply>(replySlot(id), emptyReply);
  const [problem, setProblem] = useState<Problem>();
  const sending = useRef(false);

  const form = useForm<Reply>({
    resolver: zodResolver(replySchema),
    defaultValues: draft.initial,
  });
  const { errors, isSubmitting } = form.formState;
  const written = useWatch({ control: form.control, name: "message" });

  useEffect(
    () =>
      form.subscribe({
        formState: { values: true },
        callback: ({ values }) => draft.save(values),
      }),
    [form, draft],
  );

  async function send(reply: Reply) {
    if (sending.current) return;
    sending.current = true;
    setProblem(undefined);
    try {
      await sendReply(id, reply, draft.keyFor(reply));
      form.reset(emptyReply);
      draft.clear();
      onSent(reply.message);
    } catch (error) {
      refuse(asProblem(error));
    } finally {
      sending.current = false;
    }
  }

  function refuse(refusal: Problem) {
    const { known, rest } = splitFieldErrors(refusal, replySchema.shape);
    const [first] = known;
    if (first) {
      form.setError("message", { type: "server", message: first.message });
      requestAnimationFrame(() => form.setFocus("message"));
    }
    if (!first || rest || refusal.kind !== "invalid") setProblem(rest ?? refusal);
  }

  const onSubmit = form.handleSubmit(send);

  return (
    <form
      className="card reply"
      noValidate
      onSubmit={onSubmit}
      aria-label="Write a further message"
    >
      <Field
        id="reply"
        label={replyField.label}
        error={errors.message?.message}
        hint={
          <>
            <span>{replyField.hint}</span>
            <Counter used={countCharacters(written.trim())} limit={replyField.max ?? 0} />
          </>
        }
      >
        {(control) => (
          <textarea {...control} rows={3} readOnly={isSubmitting} {...form.register("message")} />
        )}
      </Field>
      {problem && (
        <ProblemNotice
          problem={problem}
          reassurance="What you wrote is still here and is kept in this browser."
          onRetry={onSubmit}
        />
      )}
      <div className="actions">
        <button type="submit" className="button" aria-disabled={isSubmitting}>
          {isSubmitting ? "Sending…" : "Send"}
        </button>
      </div>
    </form>
  );
}
