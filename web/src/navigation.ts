import { useSyncExternalStore } from "react";
import type { Receipt } from "./api/support";

/** What the form hands to the ticket page, so that it need not wait for the server. */
export interface Arrival {
  receipt: Receipt;
  /** The text just sent, shown until the server lists it. */
  text: string;
}

export type Page = { name: "form" } | { name: "ticket"; id: string } | { name: "unknown" };

export function pageOf(path: string): Page {
  if (path === "/") return { name: "form" };
  const id = /^\/ticket\/([^/]+)\/?$/.exec(path)?.[1];
  return id ? { name: "ticket", id: decode(id) } : { name: "unknown" };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

export function openTicket(arrival: Arrival) {
  history.pushState(arrival, "", `/ticket/${encodeURIComponent(arrival.receipt.ticket_id)}`);
  window.dispatchEvent(new PopStateEvent("popstate"));
  window.scrollTo(0, 0);
}

/** The arrival of the ticket on screen, if the customer came from the form. */
export function arrivalOf(id: string): Arrival | undefined {
  const state: Arrival | null = history.state;
  return state?.receipt?.ticket_id === id ? state : undefined;
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener("popstate", onChange);
  return () => window.removeEventListener("popstate", onChange);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
