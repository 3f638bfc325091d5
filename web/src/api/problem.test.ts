import { describe, expect, it } from "vitest";
import { problemFrom, retryAfter } from "./problem";

describe("problemFrom", () => {
  it.each([
    [400, "invalid"],
    [404, "not_found"],
    [413, "too_large"],
    [422, "invalid"],
    [429, "rate_limited"],
    [500, "unexpected"],
    [502, "unavailable"],
    [503, "unavailable"],
  ])("status %i is %s", (status, kind) => {
    expect(problemFrom(status, new Headers(), undefined).kind).toBe(kind);
  });

  it("keeps the fields and the reference of a refusal", () => {
    const problem = problemFrom(422, new Headers(), {
      type: "about:blank",
      title: "Unprocessable",
      status: 422,
      detail: "Two fields are wrong.",
      correlation_id: "c-1",
      errors: [{ field: "email", message: "no such domain" }],
    });
    expect(problem.correlationId).toBe("c-1");
    expect(problem.fields).toEqual([{ field: "email", message: "no such domain" }]);
  });

  it("says how long to wait", () => {
    const problem = problemFrom(429, new Headers({ "Retry-After": "30" }), {});
    expect(problem.message).toContain("30 seconds");
    expect(problem.retryAfterMs).toBe(30_000);
  });

  it("takes the reference from the header when a proxy wrote the body", () => {
    const headers = new Headers({ "X-Correlation-ID": "c-2" });
    const problem = problemFrom(502, headers, "<html>Bad gateway</html>");
    expect(problem.correlationId).toBe("c-2");
    expect(problem.message).not.toContain("html");
  });

  it.each([400, 500])("never shows what a %i says to programs", (status) => {
    const problem = problemFrom(status, new Headers(), { detail: "pq: deadlock detected" });
    expect(problem.message).not.toContain("deadlock");
  });
});

describe("retryAfter", () => {
  const now = Date.parse("2026-01-05T09:00:00Z");
  it.each([
    ["7", 7000],
    ["Mon, 05 Jan 2026 09:00:10 GMT", 10_000],
    ["Mon, 05 Jan 2026 08:00:00 GMT", 0],
    ["soon", 0],
    [null, 0],
  ])("%s", (header, ms) => {
    expect(retryAfter(header, now)).toBe(ms);
  });
});
