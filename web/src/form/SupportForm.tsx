import { zodResolver } from "@hookform/resolvers/zod";
import { useEffect, useRef, useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import type { Problem } from "../api/problem";
import { type Receipt, submit } from "../api/support";
import { Counter, Field, FieldError } from "../ui/Field";
import { ProblemNotice } from "../ui/ProblemNotice";
import { useDraft } from "./draft";
import { Honeypot } from "./Honeypot";
import { asProblem, splitFieldErrors } from "./refusal";
import {
  countCharacters,
  emptySubmission,
  type Submission,
  type SubmissionInput,
  submissionField,
  submissionSchema,
} from "./schema";

const name = submissionField("name");
const email = submissionField("email");
const phone = submissionField("phone");
const category = submissionField("category");
const priority = submissionField("priority");
const subject = submissionField("subject");
const message = submissionField("message");

interface Props {
  /** The origin of the server, when the form stands on another site. */
  server?: string;
  /** Called once the server has the message. */
  onSent: (receipt: Receipt, submission: Submission) => void;
}

/** What of the form is kept: anything a robot or an autofill put into the bait must not come back. */
function withoutBait<T extends { website: string }>(values: T): T {
  return { ...values, website: "" };
}

export function SupportForm({ server = "", onSent }: Props) {
  const draft = useDraft<SubmissionInput>("fte.draft.form", emptySubmission);
  const [restored, setRestored] = useState(draft.restored);
  const [problem, setProblem] = useState<Problem>();
  const sending = useRef(false);

  const form = useForm<SubmissionInput, unknown, Submission>({
    resolver: zodResolver(submissionSchema),
    defaultValues: draft.initial,
    mode: "onTouched",
  });
  const { errors, isSubmitting } = form.formState;
  const written = useWatch({ control: form.control, name: "message" });

  useEffect(
    () =>
      form.subscribe({
        formState: { values: true },
        callback: ({ values }) => draft.save(withoutBait(values)),
      }),
    [form, draft],
  );

  async function send(submission: Submission) {
    // The button stays enabled to keep the focus, so a second press has to be ignored here.
    if (sending.current) return;
    sending.current = true;
    setProblem(undefined);
    try {
      const receipt = await submit(submission, draft.keyFor(withoutBait(submission)), server);
      draft.clear();
      onSent(receipt, submission);
    } catch (error) {
      refuse(asProblem(error));
    } finally {
      sending.current = false;
    }
  }

  function refuse(refusal: Problem) {
    const { known, rest } = splitFieldErrors(refusal, submissionSchema.shape);
    for (const { field, message } of known) {
      form.setError(field, { type: "server", message });
    }
    const first = known[0];
    // A refused bait has no visible field, so it needs the general sentence.
    if (first) requestAnimationFrame(() => form.setFocus(first.field));
    // What has to be mended stands beside its field; anything else is said in full as well.
    if (!first || rest || refusal.kind !== "invalid") setProblem(rest ?? refusal);
  }

  function startOver() {
    draft.clear();
    form.reset(emptySubmission, { keepFieldsRef: true });
    setRestored(false);
    setProblem(undefined);
    form.setFocus("name");
  }

  const onSubmit = form.handleSubmit(send);

  return (
    <form className="card form" noValidate onSubmit={onSubmit} aria-labelledby="form-title">
      <h2 id="form-title">Write to support</h2>

      {restored && (
        <div className="notice" role="status">
          <p>We kept what you wrote last time.</p>
          <button type="button" className="button button-quiet" onClick={startOver}>
            Start over
          </button>
        </div>
      )}

      <div className="row">
        <Field id="name" label={name.label} error={errors.name?.message}>
          {(control) => (
            <input
              {...control}
              type="text"
              autoComplete="name"
              required
              readOnly={isSubmitting}
              {...form.register("name")}
            />
          )}
        </Field>
        <Field id="email" label={email.label} error={errors.email?.message}>
          {(control) => (
            <input
              {...control}
              type="email"
              autoComplete="email"
              required
              readOnly={isSubmitting}
              {...form.register("email")}
            />
          )}
        </Field>
      </div>

      <Field id="phone" label={phone.label} optional error={errors.phone?.message}>
        {(control) => (
          <input
            {...control}
            type="tel"
            autoComplete="tel"
            readOnly={isSubmitting}
            {...form.register("phone")}
          />
        )}
      </Field>

      <div className="row">
        <Field id="category" label={category.label} error={errors.category?.message}>
          {(control) => (
            <select {...control} required {...form.register("category")}>
              {category.choices?.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        <fieldset
          className="field"
          aria-describedby={errors.priority ? "priority-error" : undefined}
          aria-invalid={errors.priority !== undefined}
        >
          <legend>{priority.label}</legend>
          <div className="segments">
            {priority.choices?.map(({ value, label }) => (
              <label key={value} className="segment">
                <input type="radio" value={value} {...form.register("priority")} />
                <span>{label}</span>
              </label>
            ))}
          </div>
          <FieldError id="priority-error" message={errors.priority?.message} />
        </fieldset>
      </div>

      <Field id="subject" label={subject.label} error={errors.subject?.message}>
        {(control) => (
          <input
            {...control}
            type="text"
            autoComplete="off"
            required
            readOnly={isSubmitting}
            {...form.register("subject")}
          />
        )}
      </Field>

      <Field
        id="message"
        label={message.label}
        error={errors.message?.message}
        hint={
          <>
            <span>{message.hint}</span>
            <Counter used={countCharacters(written.trim())} limit={message.max ?? 0} />
          </>
        }
      >
        {(control) => (
          <textarea
            {...control}
            rows={7}
            required
            readOnly={isSubmitting}
            {...form.register("message")}
          />
        )}
      </Field>

      <Honeypot {...form.register("website")} />

      {problem && (
        <ProblemNotice
          problem={problem}
          reassurance="What you wrote is still here and is kept in this browser."
          onRetry={onSubmit}
        />
      )}

      <div className="actions">
        <button type="submit" className="button" aria-disabled={isSubmitting}>
          {isSubmitting ? "Sending…" : "Send message"}
        </button>
        <p className="hint">Your draft is saved in this browser only, until you send it.</p>
      </div>
    </form>
  );
}
