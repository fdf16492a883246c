/** The parts of an IAM policy document that this project writes. */
export interface Policy {
  Version: "2012-10-17";
  Statement: Statement[];
}

export interface Statement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource: string[];
  Condition?: {
    StringEquals?: Record<string, string | string[]>;
    /** For a key with several values: all must be in this list. */
    "ForAllValues:StringEquals"?: Record<string, string | string[]>;
    /** For a key with several values: at least one must be in this list. */
    "ForAnyValue:StringEquals"?: Record<string, string | string[]>;
  };
}

/** The account and region of a policy; `*` if unknown. */
export interface PolicyPlace {
  region: string;
  /** Account number of 12 digits. */
  account: string;
  /** Default: the partition of the region. */
  partition?: string;
}

/** An ARN in that place; China and GovCloud are partitions of their own. */
export function arnIn(
  { region, account, partition = partitionOf(region) }: PolicyPlace,
  service: string,
  resource: string,
): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

export function partitionOf(region: string): string {
  if (region === "*") return "*";
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** A condition for actions that do not support resources. */
export function inRegion({ region }: PolicyPlace): Pick<Statement, "Condition"> {
  return region === "*" ? {} : { Condition: { StringEquals: { "aws:RequestedRegion": region } } };
}
