import { useEffect, useState } from "react";
import { newKey } from "./idempotency";

type Values = Record<string, string>;

interface Stored {
  key: string;
  values: Values;
  /** What was last tried to be sent under the key, if anything was. */
  tried?: string;
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
  /**
   * The key to send `content` with: the same for every try of the same content,
   * new after `clear` and for content changed since the last try. The server may
   * have taken that try though we never heard so, and would drop what came
   * under its key again.
   */
  keyFor(content: object): string;
  save(values: T): void;
  /** Forgets the draft once the server has it, or when the customer drops it. */
  clear(): void;
}

/** Opens the draft kept under `slot`. The slot and `empty` stay the same while mounted. */
export function useDraft<T extends Values>(slot: string, empty: T): Draft<T> {
  const [{ draft, onElsewhere }] = useState(() => openDraft(slot, empty));

  useEffect(() => {
    const onStorage = (event: StorageEvent) => {
      if (event.key === slot) onElsewhere(parse(event.newValue));
    };
    window.addEventListener("storage", onStorage);
    return () => window.removeEventListener("storage", onStorage);
  }, [slot, onElsewhere]);

  return draft;
}

function openDraft<T extends Values>(slot: string, empty: T) {
  const stored = read(slot);
  const initial = stored ? merge(empty, stored.values) : empty;
  let values = initial;
  let key = stored?.key ?? newKey();
  let tried = stored?.tried;

  const renew = () => {
    key = newKey();
    tried = undefined;
  };
  const keep = () => {
    if (isEmpty(values, empty)) remove(slot);
    else write(slot, { key, values, tried });
  };
  const draft: Draft<T> = {
    initial,
    restored: stored !== undefined,
    keyFor(content) {
      const next = JSON.stringify(content);
      if (tried !== undefined && tried !== next) renew();
      tried = next;
      // Before the try: the page may be closed while it is under way.
      keep();
      return key;
    },
    save(next) {
      values = next;
      keep();
    },
    clear() {
      remove(slot);
      renew();
    },
  };
  /** Takes note of what another tab has done to this draft. */
  const onElsewhere = (other: Stored | undefined) => {
    // It was sent there: what is typed here from now on is a new one.
    if (!other) renew();
    else if (other.key === key) tried = other.tried ?? tried;
  };
  return { draft, onElsewhere };
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
    return parse(localStorage.getItem(slot));
  } catch {
    return undefined;
  }
}

function parse(text: string | null): Stored | undefined {
  try {
    const stored: unknown = JSON.parse(text ?? "null");
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
    (!("tried" in value) || typeof value.tried === "string") &&
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
