import { Problem, unexpectedProblem } from "../api/problem";
import { fetchTicket, type Ticket } from "../api/support";
import { openStream } from "./stream";
import { awaitsAnswer } from "./words";

const second = 1000;
const minute = 60 * second;

/** After how much quiet the server's connection is left to those who need it more. */
const idleAfter = 15 * minute;

interface Situation {
  awaiting: boolean;
  /** Time since the ticket last changed or the customer last did something. */
  quietMs: number;
  hidden: boolean;
  /** Requests that failed in a row. */
  failures: number;
  retryAfterMs: number;
  /** The server tells of changes by itself; a look only makes sure that it still does. */
  streaming: boolean;
}

/** How long to wait before the next look at the ticket. */
export function pollDelay(now: Situation): number {
  const pace = now.awaiting ? awaitingPace(now.quietMs) : idlePace(now.quietMs);
  const backoff = now.failures === 0 ? 0 : Math.min(2 * second * 2 ** now.failures, 30 * second);
  const outOfSight = now.hidden ? 30 * second : 0;
  const toldAnyway = now.streaming ? 30 * second : 0;
  return Math.max(pace, backoff, outOfSight, toldAnyway, now.retryAfterMs);
}

function awaitingPace(quietMs: number): number {
  if (quietMs < minute) return 2 * second;
  if (quietMs < 5 * minute) return 5 * second;
  return 15 * second;
}

function idlePace(quietMs: number): number {
  if (quietMs < 2 * minute) return 5 * second;
  if (quietMs < idleAfter) return 15 * second;
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
 * The server tells of changes as long as somebody looks at the page and something
 * may still happen; where it cannot, and otherwise, the page asks. One request
 * runs at a time; a page that becomes visible or online looks at once.
 */
export function watchTicket(id: string, listener: Listener): Watch {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stream: ReturnType<typeof openStream>;
  let mayStreamAt = 0;
  let running = false;
  let again = false;
  let failures = 0;
  let changedAt = Date.now();
  let seen = "";
  let told = 0;
  let awaiting = true;

  function receive(ticket: Ticket) {
    failures = 0;
    awaiting = awaitsAnswer(ticket);
    const fingerprint = JSON.stringify(ticket);
    if (fingerprint !== seen) {
      seen = fingerprint;
      changedAt = Date.now();
    }
    listener.onTicket(ticket);
  }

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
      const toldBefore = told;
      const ticket = await fetchTicket(id, abort.signal);
      // What the server has told meanwhile is newer than what it was asked for before.
      if (told === toldBefore) receive(ticket);
      listen();
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

  /** Makes the stream what it should be: open while it is of use. */
  function listen() {
    const useful = !document.hidden && Date.now() - changedAt < idleAfter;
    if (!useful) hangUp();
    if (!useful || stream || Date.now() < mayStreamAt) return;
    let heard = false;
    stream = openStream(id, {
      onTicket: (ticket) => {
        heard = true;
        told++;
        receive(ticket);
      },
      onEnd: () => {
        stream = undefined;
        // A server or proxy that lets nothing through is not asked again and again.
        mayStreamAt = heard ? 0 : Date.now() + minute;
        schedule(0);
      },
    });
  }

  function hangUp() {
    stream?.close();
    stream = undefined;
  }

  function schedule(retryAfterMs: number) {
    clearTimeout(timer);
    const delay = pollDelay({
      awaiting,
      quietMs: Date.now() - changedAt,
      hidden: document.hidden,
      failures,
      retryAfterMs,
      streaming: stream !== undefined,
    });
    timer = setTimeout(look, again ? 0 : delay);
    again = false;
  }

  function onVisible() {
    if (document.hidden) hangUp();
    else look();
  }

  function refresh() {
    changedAt = Date.now();
    look();
  }

  function stop() {
    abort.abort();
    clearTimeout(timer);
    hangUp();
    document.removeEventListener("visibilitychange", onVisible);
    window.removeEventListener("online", look);
  }

  document.addEventListener("visibilitychange", onVisible);
  window.addEventListener("online", look);
  look();
  return { refresh, stop };
}
