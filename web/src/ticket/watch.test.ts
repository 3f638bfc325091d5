import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Problem } from "../api/problem";
import type { Ticket } from "../api/support";
import {
  type Call,
  fakeServer,
  fromAssistant,
  fromCustomer,
  json,
  offline,
  ticketWith,
} from "../test/server";
import { pollDelay, type Watch, watchTicket } from "./watch";

const calm = {
  awaiting: true,
  quietMs: 0,
  hidden: false,
  failures: 0,
  retryAfterMs: 0,
  streaming: false,
};

describe("pollDelay", () => {
  it.each([
    ["waiting for an answer", {}, 2000],
    ["waiting for a minute", { quietMs: 60_000 }, 5000],
    ["waiting for five minutes", { quietMs: 300_000 }, 15_000],
    ["answered", { awaiting: false }, 5000],
    ["answered a while ago", { awaiting: false, quietMs: 120_000 }, 15_000],
    ["answered long ago", { awaiting: false, quietMs: 900_000 }, 60_000],
    ["in a hidden tab", { hidden: true }, 30_000],
    ["after one failure", { failures: 1 }, 4000],
    ["after many failures", { failures: 20 }, 30_000],
    ["told of changes by the server", { streaming: true }, 30_000],
    ["told to wait", { failures: 1, retryAfterMs: 45_000 }, 45_000],
  ])("%s", (_, changes, delay) => {
    expect(pollDelay({ ...calm, ...changes })).toBe(delay);
  });
});

describe("watchTicket", () => {
  const tickets: Ticket[] = [];
  const problems: Problem[] = [];
  let watch: Watch | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    tickets.length = 0;
    problems.length = 0;
  });

  afterEach(() => {
    watch?.stop();
    vi.restoreAllMocks();
  });

  async function start(answer: (call: Call, number: number) => Response | Error) {
    const calls = fakeServer(answer);
    watch = watchTicket("t1", {
      onTicket: (ticket) => tickets.push(ticket),
      onProblem: (problem) => problems.push(problem),
    });
    await vi.advanceTimersByTimeAsync(0);
    return calls;
  }

  const waiting = () => json(ticketWith({ messages: [fromCustomer] }));
  const answered = () =>
    json(ticketWith({ status: "waiting_customer", messages: [fromCustomer, fromAssistant] }));

  it("looks at once, then every two seconds until the answer, then slower", async () => {
    const calls = await start((_, number) => (number < 3 ? waiting() : answered()));
    expect(calls.map((call) => call.path)).toEqual(["/support/ticket/t1"]);
    await vi.advanceTimersByTimeAsync(4000);
    expect(calls).toHaveLength(3);
    expect(tickets.at(-1)?.messages.at(-1)?.text).toBe(fromAssistant.text);
    await vi.advanceTimersByTimeAsync(4000);
    expect(calls).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toHaveLength(4);
  });

  it("slows down while nothing changes", async () => {
    const calls = await start(waiting);
    await vi.advanceTimersByTimeAsync(60_000);
    const inFirstMinute = calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(inFirstMinute).toBe(31);
    expect(calls.length - inFirstMinute).toBe(12);
  });

  it("rests in a hidden tab and looks as soon as it is shown", async () => {
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    const calls = await start(waiting);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(calls).toHaveLength(1);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(2);
  });

  it("tells of a lost network, backs off, and recovers when it is back", async () => {
    const calls = await start((_, number) => (number === 2 ? offline() : waiting()));
    await vi.advanceTimersByTimeAsync(2000);
    expect(problems.map((problem) => problem.kind)).toEqual(["network"]);
    window.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(3);
    expect(tickets).toHaveLength(2);
  });

  it("honours Retry-After", async () => {
    const calls = await start(() => json({}, 429, { "Retry-After": "20" }));
    await vi.advanceTimersByTimeAsync(19_000);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toHaveLength(2);
  });

  it("stops for good at a ticket that does not exist", async () => {
    const calls = await start(() => json({}, 404));
    expect(problems.map((problem) => problem.kind)).toEqual(["not_found"]);
    window.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(calls).toHaveLength(1);
  });

  it("says nothing more once stopped", async () => {
    const calls = await start(waiting);
    watch?.stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(calls).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  describe("with server-sent events", () => {
    class FakeSource extends EventTarget {
      static opened: FakeSource[] = [];
      closed = false;
      onerror = () => {};
      constructor(readonly path: string) {
        super();
        FakeSource.opened.push(this);
      }
      close() {
        this.closed = true;
      }
      tell(ticket: unknown) {
        this.dispatchEvent(new MessageEvent("ticket", { data: JSON.stringify(ticket) }));
      }
      static get last() {
        const last = FakeSource.opened.at(-1);
        if (!last) throw new Error("nothing was opened");
        return last;
      }
    }

    beforeEach(() => {
      FakeSource.opened = [];
      vi.stubGlobal("EventSource", FakeSource);
    });

    const whole = ticketWith({
      status: "waiting_customer",
      messages: [fromCustomer, fromAssistant],
    });

    it("shows what the server tells, and asks only to make sure", async () => {
      const calls = await start(waiting);
      expect(FakeSource.last.path).toBe("/support/ticket/t1/events");
      await vi.advanceTimersByTimeAsync(29_000);
      expect(calls).toHaveLength(1);
      FakeSource.last.tell(whole);
      expect(tickets.at(-1)?.messages.at(-1)?.text).toBe(fromAssistant.text);
      await vi.advanceTimersByTimeAsync(1000);
      expect(calls).toHaveLength(2);
      expect(FakeSource.opened).toHaveLength(1);
    });

    it("listens again after the server has ended the connection", async () => {
      await start(waiting);
      FakeSource.last.tell(whole);
      FakeSource.last.onerror();
      expect(FakeSource.last.closed).toBe(true);
      await vi.advanceTimersByTimeAsync(5000);
      expect(FakeSource.opened).toHaveLength(2);
      expect(problems).toEqual([]);
    });

    it("goes on asking where nothing comes through, and rarely tries again", async () => {
      const calls = await start(waiting);
      FakeSource.last.onerror();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(calls).toHaveLength(6);
      expect(FakeSource.opened).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(55_000);
      expect(FakeSource.opened).toHaveLength(2);
    });

    it("hangs up in a hidden tab and listens again when it is shown", async () => {
      await start(waiting);
      const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
      document.dispatchEvent(new Event("visibilitychange"));
      expect(FakeSource.last.closed).toBe(true);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeSource.opened).toHaveLength(1);
      hidden.mockReturnValue(false);
      document.dispatchEvent(new Event("visibilitychange"));
      await vi.advanceTimersByTimeAsync(0);
      expect(FakeSource.opened).toHaveLength(2);
    });

    it("hangs up when nothing has happened for long", async () => {
      await start(waiting);
      await vi.advanceTimersByTimeAsync(16 * 60_000);
      expect(FakeSource.last.closed).toBe(true);
      watch?.refresh();
      await vi.advanceTimersByTimeAsync(0);
      expect(FakeSource.last.closed).toBe(false);
    });

    it("does not go back to what it was told before", async () => {
      let release = (_: Response) => {};
      const answers = [waiting(), new Promise<Response>((resolve) => (release = resolve))];
      await start(() => answers.shift() as Response);
      watch?.refresh();
      FakeSource.last.tell(whole);
      release(waiting());
      await vi.advanceTimersByTimeAsync(0);
      expect(tickets.at(-1)?.status).toBe("waiting_customer");
    });

    it("takes no notice of what is no ticket, and hangs up when stopped", async () => {
      await start(waiting);
      FakeSource.last.tell({ hello: "world" });
      expect(tickets).toHaveLength(1);
      watch?.stop();
      expect(FakeSource.last.closed).toBe(true);
    });
  });

  it("treats an answer it cannot read as a problem, not as a ticket", async () => {
    await start(() => json({ hello: "world" }));
    expect(tickets).toEqual([]);
    expect(problems.map((problem) => problem.kind)).toEqual(["unexpected"]);
  });

  it("gives up on a request that never ends", async () => {
    vi.stubGlobal(
      "fetch",
      (_: string, init: RequestInit) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener("abort", () =>
            reject(new DOMException("aborted", "AbortError")),
          );
        }),
    );
    watch = watchTicket("t1", {
      onTicket: () => {},
      onProblem: (problem) => problems.push(problem),
    });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(problems.map((problem) => problem.kind)).toEqual(["network"]);
  });
});
