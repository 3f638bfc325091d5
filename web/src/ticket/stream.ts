import { eventsPath, parseTicket, type Ticket } from "../api/support";

interface Listener {
  onTicket(ticket: Ticket): void;
  /** The connection has ended, for whatever reason, and is not tried again. */
  onEnd(): void;
}

/** Listens to what the server tells of a ticket; undefined where the browser cannot. */
export function openStream(id: string, { onTicket, onEnd }: Listener) {
  if (typeof EventSource === "undefined") return undefined;
  const source = new EventSource(eventsPath(id));
  source.addEventListener("ticket", (event) => {
    const ticket = parseTicket(event.data);
    if (ticket) onTicket(ticket);
  });
  // It never says why it ended, and would come back to a ticket that is gone for ever.
  source.onerror = () => {
    source.close();
    onEnd();
  };
  return source;
}
