import type { Architecture } from "../../../understand/settings/architecture.js";

/** What EC2 calls the processors that an image is made for. */
export const ec2Name = { amd64: "x86_64", arm64: "arm64" } as const;

/** By EC2's name of them; undefined when no image is made for such. */
export function architectureOf(ec2: string | undefined): Architecture | undefined {
  if (ec2 === ec2Name.amd64) return "amd64";
  return ec2 === ec2Name.arm64 ? "arm64" : undefined;
}

/** The type of builders and hosts, unless the file names one. */
export const usualType = { amd64: "c7i.large", arm64: "c7g.large" } as const;

/**
 * Whether an instance type has arm64 processors: a g behind the generation stands for Graviton
 * (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html); a1 and mac2 are older than that rule.
 */
export function isArm(type: string): boolean {
  return /^(a1\.|mac2[.-]|[a-z]+\d+g)/.test(type);
}

/** What is wrong with launching an AMI of this architecture as this type, in words; undefined when nothing is. */
export function misfit(architecture: string | undefined, type: string): string | undefined {
  const needed = isArm(type) ? "arm64" : "x86_64";
  if (architecture === undefined || !/^(arm64|x86_64)$/.test(architecture) || architecture === needed)
    return undefined;
  return `is ${architecture}, but ${type} has ${needed} processors`;
}
