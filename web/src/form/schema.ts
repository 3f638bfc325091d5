import * as z from "zod";

// The compiled validators of Zod need eval, which the page's content security policy forbids.
z.config({ jitless: true });

export const categories = ["general", "technical", "billing", "feedback", "bug_report"] as const;
export const priorities = ["low", "medium", "high"] as const;
export const messageLimit = 5000;

/** Characters as people and the server count them: an emoji is one, not two. */
export function countCharacters(text: string): number {
  return [...text].length;
}

/** The message as it is counted and sent: without the space around it. */
function text(min: number, max: number, tooShort: string) {
  return z
    .string()
    .trim()
    .refine((value) => countCharacters(value) >= min, tooShort)
    .refine((value) => countCharacters(value) <= max, {
      error: `Please keep this to ${max} characters.`,
    });
}

/** An international number, with what people put between its digits: +44 (0)20 7946-0000. */
function isPhoneNumber(value: string): boolean {
  const bare = value.replace(/[-–().\s/]/g, "").replace(/^00/, "+");
  return /^\+[1-9]\d{6,14}$/.test(bare);
}

/**
 * The rules of the support form, in the order of its fields. This is their only
 * description in the front end; the server's own check has the last word.
 */
export const submissionSchema = z.object({
  name: text(2, 100, "Please enter your name, at least 2 characters."),
  email: z
    .string()
    .trim()
    .min(1, { error: "Please enter your email address.", abort: true })
    .max(254, "This email address is too long.")
    .regex(z.regexes.rfc5322Email, "Please enter an email address like name@example.com."),
  phone: z
    .string()
    .trim()
    .refine(
      (value) => value === "" || isPhoneNumber(value),
      "Please enter the number with its country code, like +44 20 7946 0000, or leave this empty.",
    )
    .transform((value) => value || undefined),
  category: z.enum(categories, "Please choose what this is about."),
  priority: z.enum(priorities, "Please choose how urgent this is."),
  subject: text(5, 200, "Please enter a subject, at least 5 characters."),
  message: text(10, messageLimit, "Please describe your question, at least 10 characters."),
  /** Bait for robots. People never see it, so nothing about it may stop a submission. */
  website: z.string(),
});

/** What the fields hold while the customer types. */
export type SubmissionInput = z.input<typeof submissionSchema>;
/** What is sent. */
export type Submission = z.output<typeof submissionSchema>;
export type SubmissionField = keyof SubmissionInput;

export const emptySubmission: SubmissionInput = {
  name: "",
  email: "",
  phone: "",
  category: "general",
  priority: "medium",
  subject: "",
  message: "",
  website: "",
};

/** The rules of a further message on the ticket page. */
export const replySchema = z.object({
  message: text(1, messageLimit, "Please write a message first."),
});

export type Reply = z.output<typeof replySchema>;

export const emptyReply: Reply = { message: "" };
