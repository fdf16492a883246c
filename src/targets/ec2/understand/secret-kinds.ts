import type { SecretKind } from "../../target.js";

/** Names and ARNs of both services. On the host, they are also quoted. */
const reference = /^[\w/+=.@:#-]+$/;

/** Secrets that a host fetches from AWS with its role. */
export const ec2SecretKinds = {
  secretsmanager: {
    form: "NAME#KEY",
    shortForm: "NAME",
    words: (text: string) => (reference.test(text) ? text.split("#", 2) : undefined),
  },
  ssm: {
    form: "/NAME",
    shortForm: "/NAME",
    words: (text: string) => (reference.test(text) ? [text] : undefined),
  },
} as const satisfies Record<string, SecretKind>;
