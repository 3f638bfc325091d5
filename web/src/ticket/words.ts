import type { Message, Ticket, TicketStatus } from "../api/support";

interface StatusWords {
  label: string;
  explanation: string;
  tone: "busy" | "you" | "person" | "done";
}

export const statusWords: Record<TicketStatus, StatusWords> = {
  received: {
    label: "Received",
    explanation: "We have your message and are about to read it.",
    tone: "busy",
  },
  open: {
    label: "In progress",
    explanation: "We are working on your answer.",
    tone: "busy",
  },
  waiting_customer: {
    label: "Answered",
    explanation: "We have answered. If something is still open, just write below.",
    tone: "you",
  },
  needs_human: {
    label: "Passed to our team",
    explanation: "A colleague will look into this personally and answer here and by email.",
    tone: "person",
  },
  with_human: {
    label: "With our team",
    explanation: "A colleague is looking into this personally and will answer here and by email.",
    tone: "person",
  },
  resolved: {
    label: "Solved",
    explanation: "We consider this solved. If it is not, write below and we carry on.",
    tone: "done",
  },
  closed: {
    label: "Closed",
    explanation: "This ticket is closed. If you still need help, you can write below.",
    tone: "done",
  },
};

export const authorWords: Record<Message["author"], string> = {
  customer: "You",
  assistant: "Support assistant",
  staff: "Support team",
};

const deliveryWords: Record<NonNullable<Message["delivery"]>, string> = {
  queued: "Being sent",
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  failed: "Could not be delivered to you, but you can read it here",
};

const channelWords: Record<string, string> = {
  email: "by email",
  whatsapp: "on WhatsApp",
};

/** How a message travelled: "by email · Delivered". Empty when there is nothing to say. */
export function journey(message: Message): string {
  const channel = channelWords[message.channel];
  const delivery = message.author !== "customer" && message.delivery;
  return [channel, delivery && deliveryWords[delivery]].filter(Boolean).join(" · ");
}

/** Whether the next word is ours and should come soon. A person may take hours: not awaited. */
export function awaitsAnswer(ticket: Ticket): boolean {
  const last = ticket.messages.at(-1);
  return (
    ticket.status === "received" ||
    ticket.status === "open" ||
    (ticket.status === "waiting_customer" && last?.author === "customer")
  );
}

const timeFormat = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** A time for people, in the reader's time zone; empty when it cannot be read. */
export function readableTime(at: string | number): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? "" : timeFormat.format(time);
}
