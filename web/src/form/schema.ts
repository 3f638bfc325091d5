import description from "../../../channel/webform/form.json";
import * as z from "../zod";
import { normal } from "./normal";

/** One field of the description that the server checks by, too. */
export interface FieldDescription {
  name: string;
  label: string;
  kind: string;
  hint?: string;
  optional?: boolean;
  /** In characters after trimming; of an address in bytes. */
  min?: number;
  max?: number;
  maxMailbox?: number;
  pattern?: string;
  initial?: string;
  choices?: { value: string; label: string }[];
  says: { missing?: string; short?: string; long?: string; malformed?: string };
}

const submissionFields: readonly FieldDescription[] = description.submission;
const replyFields: readonly FieldDescription[] = description.reply;

/** Characters as people and the server count them: an emoji is one, not two. */
export function countCharacters(text: string): number {
  return [...text].length;
}

/** Reads a field as the server does, to the letter: see channel/webform/fields.go. */
function read(field: FieldDescription): z.ZodType<string, string> {
  const shape = field.pattern && new RegExp(field.pattern, "u");
  const values = field.choices?.map((choice) => choice.value);

  function fault(value: string, count: number): string | undefined {
    const { says } = field;
    if (field.min && count < field.min) return says.short;
    if (field.max && count > field.max) return says.long;
    const malformed =
      (values && !values.includes(value)) ||
      (shape && !shape.test(value)) ||
      (field.maxMailbox && bytes(value.slice(0, value.indexOf("@"))) > field.maxMailbox);
    return malformed ? says.malformed : undefined;
  }

  function sentence(words: string, count: number): string {
    return words
      .replaceAll("{min}", String(field.min))
      .replaceAll("{max}", String(field.max))
      .replaceAll("{count}", String(count))
      .replaceAll("{choices}", values?.join(", ") ?? "");
  }

  const anything = z.unknown().prefault("");
  const schema = anything.transform((sent, context) => {
    const refuse = (words: string | undefined, count = 0) => {
      context.addIssue({ code: "custom", message: sentence(words ?? "", count) });
      return z.NEVER;
    };
    if (sent !== undefined && sent !== null && typeof sent !== "string") {
      return refuse(description.notText);
    }
    const value = normal(field.kind, sent ?? "");
    if (value === "") return field.optional ? (field.initial ?? "") : refuse(field.says.missing);
    const count = field.kind === "email" ? bytes(value) : countCharacters(value);
    const words = fault(value, count);
    return words === undefined ? value : refuse(words, count);
  });
  // It takes anything, for that is what the server is sent; the form gives it text.
  return schema as unknown as z.ZodType<string, string>;
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function find(fields: readonly FieldDescription[], name: string): FieldDescription {
  const found = fields.find((field) => field.name === name);
  if (!found) throw new Error(`form.json has no field ${name}`);
  return found;
}

/** The description of a field of the support form. */
export function submissionField(name: SubmissionField): FieldDescription {
  return find(submissionFields, name);
}

/** The description of the one field of the ticket page. */
export const replyField = find(replyFields, "message");

const rule = (name: string) => read(find(submissionFields, name));

/** The rules of the support form, in the order of its fields. */
export const submissionSchema = z.object({
  name: rule("name"),
  email: rule("email"),
  phone: rule("phone"),
  category: rule("category"),
  priority: rule("priority"),
  subject: rule("subject"),
  message: rule("message"),
  /** Bait for robots. People never see it, so nothing about it may stop a submission. */
  website: z.string().catch(""),
});

/** What the fields hold while the customer types. */
export type SubmissionInput = Record<keyof z.output<typeof submissionSchema>, string>;
/** What is sent. */
export type Submission = z.output<typeof submissionSchema>;
export type SubmissionField = keyof SubmissionInput;

export const emptySubmission: SubmissionInput = {
  name: "",
  email: "",
  phone: "",
  category: submissionField("category").initial ?? "",
  priority: submissionField("priority").initial ?? "",
  subject: "",
  message: "",
  website: "",
};

/** The rules of a further message on the ticket page. */
export const replySchema = z.object({ message: read(replyField) });

export type Reply = z.output<typeof replySchema>;

export const emptyReply: Reply = { message: "" };
