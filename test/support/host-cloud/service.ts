import type { Need } from "./iam.js";
import type { Account, Instance } from "./account.js";

/** The account number in AWS' examples. */
export const accountId = "123456789012";

/** A call to a service. */
export interface Request {
  account: Account;
  /** The owner of the credentials that signed it. */
  caller: Instance;
  parameters: Record<string, string>;
}

/** One action of a service: the permissions that it needs, and its effect. */
export interface Action {
  needs: (request: Request) => Need[];
  /** The answer's body. Throws AwsError. */
  run: (request: Request) => string;
}

export interface Service {
  /** Its name in IAM. */
  prefix: string;
  protocol: "query" | "ec2" | "json" | "rest-xml";
  /** The region of its signatures, if it is not that of the instances. */
  region?: string;
  actions: Record<string, Action>;
}

export function arn(service: string, { options }: Account, resource: string): string {
  return `arn:aws:${service}:${options.region}:${accountId}:${resource}`;
}

export function xml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
