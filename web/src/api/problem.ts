import * as z from "../zod";

/** What kind of refusal it was; the page decides by this, never by a status number. */
export type ProblemKind =
  | "invalid"
  | "not_found"
  | "too_large"
  | "rate_limited"
  | "unavailable"
  | "network"
  | "unexpected";

export interface FieldError {
  field: string;
  message: string;
}

/**
 * What we read of the RFC 9457 body. Its title and detail speak to programs, so
 * they are not shown; the messages of its errors are for people. Every member is
 * optional: a proxy may answer in our place.
 */
const problemBody = z.object({
  correlation_id: z.string().catch(""),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).catch([]),
});

/** A request that was not served. `message` is a sentence meant for the customer. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly kind: ProblemKind,
    message: string,
    readonly correlationId = "",
    readonly fields: readonly FieldError[] = [],
    /** How long the server asks us to wait, if it said so. */
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

export function networkProblem(): Problem {
  return new Problem("network", "We could not reach our server. Please check your connection.");
}

export function unexpectedProblem(correlationId = ""): Problem {
  return new Problem(
    "unexpected",
    "Something went wrong on our side. Please try again in a moment.",
    correlationId,
  );
}

/** Turns a response outside 2xx into words the customer can act on. */
export function problemFrom(status: number, headers: Headers, body: unknown): Problem {
  const parsed = problemBody.safeParse(body);
  const details = parsed.success ? parsed.data : undefined;
  const correlationId = details?.correlation_id || (headers.get("X-Correlation-ID") ?? "");
  const retryAfterMs = retryAfter(headers.get("Retry-After"));

  switch (status) {
    case 404:
      return new Problem("not_found", "We could not find this ticket.", correlationId);
    case 413:
      return new Problem(
        "too_large",
        "Your message is too long for us to accept. Please shorten it.",
        correlationId,
      );
    case 429:
      return new Problem(
        "rate_limited",
        `We received too many messages in a short time. Please wait ${waitInWords(retryAfterMs)} and try again.`,
        correlationId,
        details?.errors ?? [],
        retryAfterMs,
      );
    case 400:
    case 422:
      return new Problem(
        "invalid",
        "Some of what you entered was not accepted. Please check it.",
        correlationId,
        details?.errors ?? [],
      );
    case 502:
    case 503:
    case 504:
      return new Problem(
        "unavailable",
        `We cannot take messages right now. Please try again in ${waitInWords(retryAfterMs)}.`,
        correlationId,
        [],
        retryAfterMs,
      );
    default:
      return unexpectedProblem(correlationId);
  }
}

/** Reads Retry-After in both of its forms, seconds and HTTP date; 0 when absent or unreadable. */
export function retryAfter(header: string | null, now = Date.now()): number {
  if (!header) return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

function waitInWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds === 0) return "a moment";
  if (seconds === 1) return "1 second";
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
