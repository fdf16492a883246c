import { z } from "zod";
import { secretForms } from "../../targets/lookup.js";
import { readSecret, type SecretValue } from "./secret-value.js";
import type { Kind } from "./types.js";

const rule = `text, or a reference: ${["${env:NAME}", "${file:PATH}", ...secretForms("form")].join(", ")}`;

/** A secret: a literal or a reference. Its text never appears in an issue. */
export const secret: Kind<SecretValue> = {
  rule,
  json: { type: ["string", "number"] },
  schema: z.unknown().transform((value, context): SecretValue => {
    const read = readSecret(value);
    if (read) return read;
    context.addIssue({ code: "custom", message: rule });
    return z.NEVER;
  }),
};
