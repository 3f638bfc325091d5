import type { Reply, Submission } from "../form/schema";
import * as z from "../zod";
import { request } from "./client";

const receipt = z.object({
  ticket_id: z.string().min(1),
  ticket_number: z.string().min(1),
  status_url: z.string().catch(""),
  message: z.string().catch(""),
  estimated_response_time: z.string().catch(""),
});

/** What the server says when it has taken a submission. */
export type Receipt = z.infer<typeof receipt>;

export const statuses = [
  "received",
  "open",
  "waiting_customer",
  "needs_human",
  "with_human",
  "resolved",
  "closed",
] as const;

export type TicketStatus = (typeof statuses)[number];

const message = z.object({
  id: z.string(),
  author: z.enum(["customer", "assistant", "staff"]),
  text: z.string(),
  channel: z.string().catch(""),
  at: z.string(),
  delivery: z.enum(["queued", "sent", "delivered", "read", "failed"]).nullable().catch(null),
});

export type Message = z.infer<typeof message>;

const ticket = z.object({
  ticket_id: z.string(),
  ticket_number: z.string(),
  // A page that stays open over a deployment may meet a status it does not know yet.
  status: z.enum(statuses).catch("open"),
  messages: z
    .array(message)
    .nullish()
    .transform((list) => list ?? []),
  created_at: z.string().nullish(),
  last_updated: z.string().nullish(),
  /** Where a further message has to be written, once this page takes none any more. */
  continue_on: z.enum(["email", "whatsapp"]).nullish().catch(null),
});

export type Ticket = z.infer<typeof ticket>;

/** Sends the form to the server at an origin; an empty one is that of the page. */
export function submit(
  { phone, ...submission }: Submission,
  idempotencyKey: string,
  server = "",
): Promise<Receipt> {
  const body = { ...submission, phone: phone || undefined };
  return request(`${server}/support/submit`, receipt, { body, idempotencyKey });
}

function ticketPath(id: string): string {
  return `/support/ticket/${encodeURIComponent(id)}`;
}

export function fetchTicket(id: string, signal: AbortSignal): Promise<Ticket> {
  return request(ticketPath(id), ticket, { signal });
}

/** Where the server sends the ticket each time it has changed. */
export function eventsPath(id: string): string {
  return `${ticketPath(id)}/events`;
}

/** Reads the data of such an event; undefined when it is no ticket. */
export function parseTicket(data: string): Ticket | undefined {
  try {
    return ticket.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}

export function sendReply(id: string, reply: Reply, idempotencyKey: string): Promise<unknown> {
  return request(`${ticketPath(id)}/messages`, z.unknown(), { body: reply, idempotencyKey });
}
