import { act, renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { useDraft } from "./draft";

const empty = { subject: "", message: "" };
const open = () => renderHook(() => useDraft("slot", empty)).result.current;

it("gives back what was typed, with the same key", () => {
  const before = open();
  before.save({ subject: "Hello", message: "wor" });
  const after = open();
  expect(after.restored).toBe(true);
  expect(after.initial).toEqual({ subject: "Hello", message: "wor" });
  expect(after.key()).toBe(before.key());
});

it("forgets the text and renews the key once sent", () => {
  const draft = open();
  const key = draft.key();
  draft.save({ subject: "Hello", message: "" });
  draft.clear();
  expect(draft.key()).not.toBe(key);
  expect(open().restored).toBe(false);
});

it("keeps nothing when the fields are empty again", () => {
  const draft = open();
  draft.save({ subject: "Hello", message: "" });
  draft.save(empty);
  expect(localStorage.length).toBe(0);
});

it("renews the key when another tab has sent the draft", () => {
  const draft = open();
  const key = draft.key();
  act(() => {
    window.dispatchEvent(new StorageEvent("storage", { key: "slot", newValue: null }));
  });
  expect(draft.key()).not.toBe(key);
});

it.each([
  ["text that is not JSON", "{"],
  ["JSON of another shape", '{"values":7}'],
  ["null", "null"],
])("starts empty from %s", (_, stored) => {
  localStorage.setItem("slot", stored);
  expect(open()).toMatchObject({ restored: false, initial: empty });
});

it("drops fields the form no longer has", () => {
  localStorage.setItem("slot", '{"key":"k","values":{"subject":"Hello","gone":"x","message":1}}');
  expect(open().initial).toEqual({ subject: "Hello", message: "" });
});

it("works without storage", () => {
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
    throw new Error("denied");
  });
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new Error("full");
  });
  const draft = open();
  draft.save({ subject: "Hello", message: "" });
  expect(draft.key()).toMatch(/^[0-9a-f-]{36}$/);
});
