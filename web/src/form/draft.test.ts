import { act, renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { useDraft } from "./draft";

const empty = { subject: "", message: "" };
const hello = { subject: "Hello", message: "" };
const edited = { subject: "Hello", message: "again" };
const open = () => renderHook(() => useDraft("slot", empty)).result.current;

it("gives back what was typed, with the same key", () => {
  const before = open();
  before.save({ subject: "Hello", message: "wor" });
  const after = open();
  expect(after.restored).toBe(true);
  expect(after.initial).toEqual({ subject: "Hello", message: "wor" });
  expect(after.keyFor(hello)).toBe(before.keyFor(hello));
});

it("forgets the text and renews the key once sent", () => {
  const draft = open();
  draft.save(hello);
  const key = draft.keyFor(hello);
  draft.clear();
  expect(open().restored).toBe(false);
  expect(draft.keyFor(hello)).not.toBe(key);
});

it("keeps the key while the same is tried again", () => {
  const draft = open();
  const key = draft.keyFor(hello);
  draft.save(edited);
  draft.save(hello);
  expect(draft.keyFor({ ...hello })).toBe(key);
});

it("renews the key when something else is tried, and keeps that one again", () => {
  const draft = open();
  const key = draft.keyFor(hello);
  const second = draft.keyFor(edited);
  expect(second).not.toBe(key);
  expect(draft.keyFor(edited)).toBe(second);
});

it("knows after a reload what was tried", () => {
  const before = open();
  before.save(hello);
  const key = before.keyFor(hello);
  expect(open().keyFor(hello)).toBe(key);
  expect(open().keyFor(edited)).not.toBe(key);
});

it("knows what another tab has tried under the same key", () => {
  open().save(hello);
  const [here, there] = [open(), open()];
  const key = there.keyFor(hello);
  act(() => {
    const newValue = localStorage.getItem("slot");
    window.dispatchEvent(new StorageEvent("storage", { key: "slot", newValue }));
  });
  expect(here.keyFor(edited)).not.toBe(key);
});

it("keeps nothing when the fields are empty again", () => {
  const draft = open();
  draft.save(hello);
  draft.save(empty);
  expect(localStorage.length).toBe(0);
});

it("renews the key when another tab has sent the draft", () => {
  const draft = open();
  const key = draft.keyFor(hello);
  act(() => {
    window.dispatchEvent(new StorageEvent("storage", { key: "slot", newValue: null }));
  });
  expect(draft.keyFor(hello)).not.toBe(key);
});

it.each([
  ["text that is not JSON", "{"],
  ["JSON of another shape", '{"values":7}'],
  ["null", "null"],
  ["a try of another shape", '{"key":"k","values":{"subject":"Hello"},"tried":1}'],
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
  expect(draft.keyFor(hello)).toMatch(/^[0-9a-f-]{36}$/);
});
