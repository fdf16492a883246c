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
  return `is ${architecture}, and ${type} has ${needed} processors`;
}
