import type { Need } from "./iam.js";
import type { Account, Instance } from "./account.js";

/** The account's number, as AWS' own examples have it. */
export const accountId = "123456789012";

/** A call as a service sees it. */
export interface Request {
  account: Account;
  /** Whose credentials signed it. */
  caller: Instance;
  parameters: Record<string, string>;
}

/** One action of a service: what it takes to be allowed, and what it does. */
export interface Action {
  needs: (request: Request) => Need[];
  /** The answer's body. Throws AwsError. */
  run: (request: Request) => string;
}

export interface Service {
  /** As IAM names it. */
  prefix: string;
  protocol: "query" | "ec2" | "json" | "rest-xml";
  /** Of its signatures, where it is not the instances'. */
  region?: string;
  actions: Record<string, Action>;
}

export function arn(service: string, { options }: Account, resource: string): string {
  return `arn:aws:${service}:${options.region}:${accountId}:${resource}`;
}

export function xml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
