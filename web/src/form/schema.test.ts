import { describe, expect, it } from "vitest";
import { emptySubmission, replySchema, type SubmissionInput, submissionSchema } from "./schema";

const valid: SubmissionInput = {
  ...emptySubmission,
  name: "Jo",
  email: "jo@example.com",
  subject: "Hello",
  message: "0123456789",
};

function faults(changes: Partial<SubmissionInput>): PropertyKey[] {
  const result = submissionSchema.safeParse({ ...valid, ...changes });
  return result.success ? [] : result.error.issues.map((issue) => issue.path[0] ?? "");
}

describe("submissionSchema", () => {
  it.each<[string, Partial<SubmissionInput>]>([
    ["the shortest of everything", {}],
    ["a message of exactly 5000 characters", { message: "x".repeat(5000) }],
    ["5000 emoji, each two UTF-16 units", { message: "😀".repeat(5000) }],
    ["an address with a plus", { email: "jo+shop@mail.example.co.uk" }],
    ["an apostrophe in the address", { email: "o'brien@example.ie" }],
    ["space around everything", { name: "  Jo ", email: " jo@example.com ", subject: " Hello " }],
    ["an international phone number", { phone: "+44 (0)20 7946-0000" }],
    ["a phone number with 00", { phone: "0044 20 7946 0000" }],
    ["a filled bait: the server judges it", { website: "https://spam.example" }],
  ])("accepts %s", (_, changes) => {
    expect(faults(changes)).toEqual([]);
  });

  it.each<[string, Partial<SubmissionInput>, string]>([
    ["a name of one character", { name: "J" }, "name"],
    ["a name of spaces", { name: "    " }, "name"],
    ["no address", { email: "" }, "email"],
    ["an address without a domain", { email: "jo@" }, "email"],
    ["an address without a top level", { email: "jo@localhost" }, "email"],
    ["two addresses", { email: "a@example.com,b@example.com" }, "email"],
    ["a line break in the address", { email: "a@example.com\nBcc: b@example.com" }, "email"],
    ["a subject of four characters", { subject: "Helo" }, "subject"],
    ["a subject padded with spaces", { subject: "Hi      " }, "subject"],
    ["a message of nine characters", { message: "012345678" }, "message"],
    ["a message of 5001 characters", { message: "x".repeat(5001) }, "message"],
    ["a phone number of letters", { phone: "call me" }, "phone"],
    ["a phone number too short", { phone: "+123456" }, "phone"],
    ["a phone number without its country", { phone: "030/901820" }, "phone"],
    ["an unknown category", { category: "sales" as "general" }, "category"],
    ["an unknown priority", { priority: "urgent" as "high" }, "priority"],
  ])("refuses %s", (_, changes, field) => {
    expect(faults(changes)).toEqual([field]);
  });

  it("sends trimmed text and leaves out an empty phone number", () => {
    const sent = submissionSchema.parse({ ...valid, name: "  Jo  ", phone: "  " });
    expect(JSON.parse(JSON.stringify(sent))).toEqual({
      name: "Jo",
      email: "jo@example.com",
      category: "general",
      priority: "medium",
      subject: "Hello",
      message: "0123456789",
      website: "",
    });
  });
});

describe("replySchema", () => {
  it.each([
    ["one character", "?", true],
    ["5000 characters", "x".repeat(5000), true],
    ["only white space", " \n ", false],
    ["5001 characters", "x".repeat(5001), false],
  ])("%s", (_, message, ok) => {
    expect(replySchema.safeParse({ message }).success).toBe(ok);
  });
});
