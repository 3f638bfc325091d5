import { useCallback, useEffect, useRef, useState } from "react";
import type { Problem } from "../api/problem";
import type { Ticket } from "../api/support";
import { type Watch, watchTicket } from "./watch";

interface State {
  /** The last ticket the server showed; it stays while the server is out of reach. */
  ticket?: Ticket;
  /** When `ticket` was last confirmed, in milliseconds since 1970. */
  seenAt?: number;
  /** Why the last look failed; gone after the next that works. */
  problem?: Problem;
}

export function useTicket(id: string): State & { refresh: () => void } {
  const [state, setState] = useState<State>({});
  const watch = useRef<Watch>(undefined);

  useEffect(() => {
    const current = watchTicket(id, {
      onTicket: (ticket) => setState({ ticket, seenAt: Date.now() }),
      onProblem: (problem) => setState((previous) => ({ ...previous, problem })),
    });
    watch.current = current;
    return () => current.stop();
  }, [id]);

  const refresh = useCallback(() => watch.current?.refresh(), []);
  return { ...state, refresh };
}
