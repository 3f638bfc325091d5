import * as z from "zod";
import type { Reply, Submission } from "../form/schema";
import { request } from "./client";

const receipt = z.object({
  ticket_id: z.string().min(1),
  ticket_number: z.string().min(1),
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
});

export type Ticket = z.infer<typeof ticket>;

export function submit(submission: Submission, idempotencyKey: string): Promise<Receipt> {
  return request("/support/submit", receipt, { body: submission, idempotencyKey });
}

export function fetchTicket(id: string, signal: AbortSignal): Promise<Ticket> {
  return request(`/support/ticket/${encodeURIComponent(id)}`, ticket, { signal });
}

export function sendReply(id: string, reply: Reply, idempotencyKey: string): Promise<unknown> {
  const path = `/support/ticket/${encodeURIComponent(id)}/messages`;
  return request(path, z.unknown(), { body: reply, idempotencyKey });
}
