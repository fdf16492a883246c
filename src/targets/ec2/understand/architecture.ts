import type { Architecture } from "../../../understand/settings/architecture.js";

/** EC2's names of the architectures. */
export const ec2Name = { amd64: "x86_64", arm64: "arm64" } as const;

/** The architecture with this name in EC2; undefined if images do not support it. */
export function architectureOf(ec2: string | undefined): Architecture | undefined {
  if (ec2 === ec2Name.amd64) return "amd64";
  return ec2 === ec2Name.arm64 ? "arm64" : undefined;
}

/** Default instance type of builders and hosts. */
export const usualType = { amd64: "c7i.large", arm64: "c7g.large" } as const;

/**
 * Whether an instance type has arm64 processors. A g after the generation means Graviton
 * (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html); a1 and mac2 do not follow this rule.
 */
export function isArm(type: string): boolean {
  return /^(a1\.|mac2[.-]|[a-z]+\d+g)/.test(type);
}

/** Why an AMI of this architecture cannot be launched as this type, in words; undefined if it can. */
export function misfit(architecture: string | undefined, type: string): string | undefined {
  const needed = isArm(type) ? "arm64" : "x86_64";
  if (architecture === undefined || !/^(arm64|x86_64)$/.test(architecture) || architecture === needed)
    return undefined;
  return `is ${architecture}, but ${type} has ${needed} processors`;
}
