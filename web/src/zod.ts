import * as z from "zod";

// The compiled validators of Zod need eval, which the page's content security policy
// forbids. Every schema comes after this line: Zod tries at the first one it makes.
z.config({ jitless: true });

export * from "zod";
