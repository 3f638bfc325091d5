import { vi } from "vitest";
import type { Ticket } from "../api/support";

export interface Call {
  method: string;
  path: string;
  key: string | undefined;
  body: Record<string, unknown>;
}

type Answer = Response | Error | Promise<Response>;

/** Stands in for the server: notes each call and answers it with what `answer` returns. */
export function fakeServer(answer: (call: Call, number: number) => Answer) {
  const calls: Call[] = [];
  vi.stubGlobal(
    "fetch",
    vi.fn(async (path: string, init: RequestInit) => {
      const headers = new Headers(init.headers);
      const call: Call = {
        method: init.method ?? "GET",
        path,
        key: headers.get("Idempotency-Key") ?? undefined,
        body: init.body ? JSON.parse(String(init.body)) : {},
      };
      calls.push(call);
      const result = await answer(call, calls.length);
      if (result instanceof Error) throw result;
      return result;
    }),
  );
  return calls;
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

/** What fetch rejects with when there is no network. */
export function offline(): Error {
  return new TypeError("Failed to fetch");
}

export const receipt = {
  ticket_id: "7d2f9c1e-0000-4000-8000-000000000001",
  ticket_number: "T-7D2F9C1E00",
  status_url: "/ticket/7d2f9c1e-0000-4000-8000-000000000001",
  message: "Thank you, we have received your message.",
  estimated_response_time: "Usually within 5 minutes",
};

export function ticketWith(changes: Partial<Ticket> = {}): Ticket {
  return {
    ticket_id: receipt.ticket_id,
    ticket_number: receipt.ticket_number,
    status: "open",
    messages: [],
    created_at: "2026-01-05T09:00:00Z",
    last_updated: "2026-01-05T09:00:00Z",
    ...changes,
  };
}

export const fromCustomer = {
  id: "m1",
  author: "customer",
  text: "My export is empty.",
  channel: "webform",
  at: "2026-01-05T09:00:00Z",
  delivery: null,
} as const;

export const fromAssistant = {
  id: "m2",
  author: "assistant",
  text: "Please choose a date range first.",
  channel: "webform",
  at: "2026-01-05T09:00:05Z",
  delivery: "sent",
} as const;
