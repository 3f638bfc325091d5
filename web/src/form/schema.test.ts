import { describe, expect, it } from "vitest";
import table from "../../../channel/webform/testdata/cases.json";
import { emptySubmission, replySchema, submissionSchema } from "./schema";

interface Case {
  name: string;
  form: string;
  send: Record<string, unknown>;
  without?: string[];
  want?: Record<string, unknown>;
  faults?: { field: string; message: string }[];
}

const cases = table.cases as Case[];

/** Writes out {"$repeat": ["x", 3]}. */
function long(values: Record<string, unknown>): Record<string, unknown> {
  const written = Object.entries(values).map(([name, value]) => {
    const isLong = typeof value === "object" && value !== null && "$repeat" in value;
    if (!isLong) return [name, value];
    const [text, times] = value.$repeat as [string, number];
    return [name, text.repeat(times)];
  });
  return Object.fromEntries(written);
}

// The server's tests run the same table, so that the two sides cannot disagree.
describe("what the form takes and refuses", () => {
  it.each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
    const isReply = c.form === "reply";
    const body = { ...(isReply ? {} : table.complete), ...long(c.send) };
    for (const name of c.without ?? []) delete (body as Record<string, unknown>)[name];

    const result = (isReply ? replySchema : submissionSchema).safeParse(body);
    if (c.faults) {
      const faults = result.error?.issues.map((issue) => ({
        field: issue.path.join("."),
        message: issue.message,
      }));
      expect(faults).toEqual(c.faults);
      return;
    }
    expect(result.error).toBeUndefined();
    const { website, ...read } = JSON.parse(JSON.stringify(result.data));
    if (read.phone === "") delete read.phone;
    expect(read).toEqual({ ...(isReply ? {} : table.read), ...long(c.want ?? {}) });
  });
});

it("leaves the judgement on a filled bait to the server", () => {
  const sent = submissionSchema.parse({ ...table.complete, website: "https://spam.example" });
  expect(sent.website).toBe("https://spam.example");
});

it("begins with what the description says", () => {
  expect(emptySubmission).toMatchObject({ category: "general", priority: "medium" });
});
