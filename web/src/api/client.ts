import type * as z from "zod";
import { networkProblem, problemFrom, unexpectedProblem } from "./problem";

const timeoutMs = 20_000;

interface Options {
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/**
 * Makes one request and returns the checked body. It throws a Problem, except
 * when the caller's own signal was aborted: then nobody is waiting for words.
 */
export async function request<T>(
  path: string,
  shape: z.ZodType<T>,
  { body, idempotencyKey, signal }: Options = {},
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  const forward = () => limit.abort();
  signal?.addEventListener("abort", forward);

  try {
    const response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        Accept: "application/json",
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(idempotencyKey && { "Idempotency-Key": idempotencyKey }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: limit.signal,
    });
    const content = parseJSON(await response.text());
    if (!response.ok) throw problemFrom(response.status, response.headers, content);

    const result = shape.safeParse(content);
    if (!result.success) throw unexpectedProblem(response.headers.get("X-Correlation-ID") ?? "");
    return result.data;
  } catch (error) {
    if (signal?.aborted) throw error;
    // fetch rejects with TypeError when the server is out of reach; the customer
    // can do the same about that as about a server that is too slow for our limit.
    if (limit.signal.aborted || error instanceof TypeError) throw networkProblem();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
