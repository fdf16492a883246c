/** An IAM policy document, as far as the project writes one. */
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
    /** Of a request with several values: each must be one of these. */
    "ForAllValues:StringEquals"?: Record<string, string | string[]>;
    /** Of something with several values: one must be one of these. */
    "ForAnyValue:StringEquals"?: Record<string, string | string[]>;
  };
}

/** Where the policy is to hold. What is not known is `*`. */
export interface PolicyPlace {
  region: string;
  /** Account number of 12 digits. */
  account: string;
  /** That of the region when not given. */
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

/** For actions that know no resources. */
export function inRegion({ region }: PolicyPlace): Pick<Statement, "Condition"> {
  return region === "*" ? {} : { Condition: { StringEquals: { "aws:RequestedRegion": region } } };
}
