import { expect, it, vi } from "vitest";
import { newKey } from "./idempotency";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it("makes a UUID, each time another", () => {
  expect(newKey()).toMatch(uuid);
  expect(newKey()).not.toBe(newKey());
});

it("makes one on plain http too", () => {
  const { getRandomValues } = crypto;
  vi.stubGlobal("crypto", { getRandomValues: getRandomValues.bind(crypto) });
  expect(newKey()).toMatch(uuid);
  expect(newKey()).not.toBe(newKey());
});
