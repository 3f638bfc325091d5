import { Problem, unexpectedProblem } from "../api/problem";

interface Split<F extends string> {
  /** The errors that belong beside a field, in the order of the fields on the page. */
  known: { field: F; message: string }[];
  /** What is left for a general notice, if anything. */
  rest: Problem | undefined;
}

/** Separates the errors the form can show beside its fields from those it cannot. */
export function splitFieldErrors<F extends string>(
  problem: Problem,
  shape: Record<F, unknown>,
): Split<F> {
  const fields = (Object.keys(shape) as F[]).filter((field) => field !== "website");
  const known = fields.flatMap((field) => {
    const error = problem.fields.find((e) => plainName(e.field) === field);
    return error ? [{ field, message: sentence(error.message) }] : [];
  });
  const strangers = problem.fields.filter((e) => !fields.some((f) => f === plainName(e.field)));
  const rest = strangers.length
    ? new Problem(
        problem.kind,
        strangers.map((e) => sentence(e.message)).join(" "),
        problem.correlationId,
        [],
        problem.retryAfterMs,
      )
    : undefined;
  return { known, rest };
}

/** Whatever was thrown, as something that can be shown. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : unexpectedProblem();
}

/** "/email" (a JSON pointer) and "Email" both mean the field email. */
function plainName(field: string): string {
  return field.replace(/^#?\//, "").toLowerCase();
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
