import { Problem, unexpectedProblem } from "../api/problem";
import { fetchTicket, type Ticket } from "../api/support";
import { awaitsAnswer } from "./words";

const second = 1000;
const minute = 60 * second;

interface Situation {
  awaiting: boolean;
  /** Time since the ticket last changed or the customer last did something. */
  quietMs: number;
  hidden: boolean;
  /** Requests that failed in a row. */
  failures: number;
  retryAfterMs: number;
}

/** How long to wait before the next look at the ticket. */
export function pollDelay(now: Situation): number {
  const pace = now.awaiting ? awaitingPace(now.quietMs) : idlePace(now.quietMs);
  const backoff = now.failures === 0 ? 0 : Math.min(2 * second * 2 ** now.failures, 30 * second);
  const outOfSight = now.hidden ? 30 * second : 0;
  return Math.max(pace, backoff, outOfSight, now.retryAfterMs);
}

function awaitingPace(quietMs: number): number {
  if (quietMs < minute) return 2 * second;
  if (quietMs < 5 * minute) return 5 * second;
  return 15 * second;
}

function idlePace(quietMs: number): number {
  if (quietMs < 2 * minute) return 5 * second;
  if (quietMs < 15 * minute) return 15 * second;
  return minute;
}

interface Listener {
  onTicket(ticket: Ticket): void;
  onProblem(problem: Problem): void;
}

export interface Watch {
  /** Looks at once and then again at the fast pace: something is about to happen. */
  refresh(): void;
  stop(): void;
}

/**
 * Follows a ticket until stopped, or until the server says that there is none.
 * One request runs at a time; a page that becomes visible or online looks at once.
 */
export function watchTicket(id: string, listener: Listener): Watch {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let again = false;
  let failures = 0;
  let changedAt = Date.now();
  let seen = "";
  let awaiting = true;

  async function look() {
    if (abort.signal.aborted) return;
    if (running) {
      again = true;
      return;
    }
    clearTimeout(timer);
    running = true;
    let retryAfterMs = 0;
    try {
      const ticket = await fetchTicket(id, abort.signal);
      failures = 0;
      awaiting = awaitsAnswer(ticket);
      const fingerprint = JSON.stringify(ticket);
      if (fingerprint !== seen) {
        seen = fingerprint;
        changedAt = Date.now();
      }
      listener.onTicket(ticket);
    } catch (error) {
      if (abort.signal.aborted) return;
      const problem = error instanceof Problem ? error : unexpectedProblem();
      failures++;
      retryAfterMs = problem.retryAfterMs;
      listener.onProblem(problem);
      if (problem.kind === "not_found") {
        stop();
        return;
      }
    } finally {
      running = false;
    }
    schedule(retryAfterMs);
  }

  function schedule(retryAfterMs: number) {
    const delay = pollDelay({
      awaiting,
      quietMs: Date.now() - changedAt,
      hidden: document.hidden,
      failures,
      retryAfterMs,
    });
    timer = setTimeout(look, again ? 0 : delay);
    again = false;
  }

  function onVisible() {
    if (!document.hidden) look();
  }

  function refresh() {
    changedAt = Date.now();
    look();
  }

  function stop() {
    abort.abort();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
    window.removeEventListener("online", look);
  }

  document.addEventListener("visibilitychange", onVisible);
  window.addEventListener("online", look);
  look();
  return { refresh, stop };
}
