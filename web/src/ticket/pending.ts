import type { Message, Ticket } from "../api/support";

/** A message the server has accepted but does not list yet. */
export interface Pending {
  text: string;
  /** How many of the customer's messages come before it. */
  after: number;
}

export function countOwn(messages: readonly Message[]): number {
  return messages.filter((message) => message.author === "customer").length;
}

/** The pending messages that the ticket does not show yet. */
export function stillPending(pending: readonly Pending[], ticket: Ticket | undefined): Pending[] {
  const listed = countOwn(ticket?.messages ?? []);
  return pending.filter((message) => message.after >= listed);
}
