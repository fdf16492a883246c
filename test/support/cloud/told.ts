import type { Cloud } from "./cloud.js";
import type { CliResult } from "./cli.js";

/** A command's result: its output, and the calls that changed something in AWS. */
export interface Done extends CliResult {
  changes: string[];
}

/** Runs a command, and returns what it changed. */
export async function told(cloud: Cloud, ...argv: string[]): Promise<Done> {
  cloud.proxy.requests.length = 0;
  const result = await cloud.cli(...argv);
  return { ...result, changes: cloud.proxy.changes() };
}

/** The calls that a dry run prints. */
export function printedCalls(stdout: string): string[] {
  return [...stdout.matchAll(/^(ec2|autoscaling|cloudwatch|route53|ssm):\w+(?= \{)/gm)].map(([call]) => call);
}
