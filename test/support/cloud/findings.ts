import { expect } from "vitest";
import type { Cloud } from "./cloud.js";
import { told } from "./told.js";

export interface Finding {
  path: string;
  line: number;
  severity: string;
  message: string;
  hint?: string;
}

/** The findings of `validate --target ec2` for a fleet with these parts, by setting. */
export async function findingsOf(
  cloud: Cloud,
  parts: Record<string, unknown>,
): Promise<Map<string, Finding>> {
  const { stdout, code } = await told(
    cloud,
    "validate",
    await cloud.fleet(parts),
    "--target",
    "ec2",
    "--json",
  );
  const said = JSON.parse(stdout) as { valid: boolean; warnings?: Finding[]; faults?: Finding[] };
  expect(code).toBe(said.valid ? 0 : 1);
  const found = [...(said.warnings ?? []), ...(said.faults ?? [])];
  return new Map(found.map((one) => [one.path, one]));
}
