import { useEffect, useState } from "react";
import { newKey } from "./idempotency";

type Values = Record<string, string>;

interface Stored {
  key: string;
  values: Values;
}

/**
 * What the customer has typed and the idempotency key of it. Both live in
 * localStorage, so that neither a reload nor a crash loses a word or makes a
 * retried message a second one.
 */
export interface Draft<T extends Values> {
  /** The values to start with. */
  readonly initial: T;
  /** Whether `initial` was found in storage rather than empty. */
  readonly restored: boolean;
  /** The same for every try of this draft, new after `clear`. */
  key(): string;
  save(values: T): void;
  /** Forgets the draft once the server has it, or when the customer drops it. */
  clear(): void;
}

/** Opens the draft kept under `slot`. The slot and `empty` stay the same while mounted. */
export function useDraft<T extends Values>(slot: string, empty: T): Draft<T> {
  const [{ draft, renew }] = useState(() => openDraft(slot, empty));

  useEffect(() => {
    // Another tab has sent this draft: what is typed here from now on is a new one.
    const onStorage = (event: StorageEvent) => {
      if (event.key === slot && event.newValue === null) renew();
    };
    window.addEventListener("storage", onStorage);
    return () => window.removeEventListener("storage", onStorage);
  }, [slot, renew]);

  return draft;
}

function openDraft<T extends Values>(slot: string, empty: T) {
  const stored = read(slot);
  let key = stored?.key ?? newKey();
  const renew = () => {
    key = newKey();
  };
  const draft: Draft<T> = {
    initial: stored ? merge(empty, stored.values) : empty,
    restored: stored !== undefined,
    key: () => key,
    save(values) {
      if (isEmpty(values, empty)) remove(slot);
      else write(slot, { key, values });
    },
    clear() {
      remove(slot);
      renew();
    },
  };
  return { draft, renew };
}

/** Takes only fields the form still has, so that an old draft cannot bring in foreign ones. */
function merge<T extends Values>(empty: T, values: Values): T {
  const known = Object.keys(empty).filter((name) => typeof values[name] === "string");
  return { ...empty, ...Object.fromEntries(known.map((name) => [name, values[name]])) };
}

function isEmpty<T extends Values>(values: T, empty: T): boolean {
  return Object.keys(empty).every((name) => (values[name] ?? "") === empty[name]);
}

// Storage may be switched off or full. The form then works as one without drafts.

function read(slot: string): Stored | undefined {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(slot) ?? "null");
    return isStored(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

function isStored(value: unknown): value is Stored {
  return (
    typeof value === "object" &&
    value !== null &&
    "key" in value &&
    typeof value.key === "string" &&
    "values" in value &&
    typeof value.values === "object" &&
    value.values !== null
  );
}

function write(slot: string, stored: Stored) {
  try {
    localStorage.setItem(slot, JSON.stringify(stored));
  } catch {}
}

function remove(slot: string) {
  try {
    localStorage.removeItem(slot);
  } catch {}
}
