/** How a guest is reached. */
export interface SshTarget {
  host: string;
  port: number;
  user: string;
  /** The private key's file. */
  key: string;
  /** The network namespace from which the guest is reached. */
  netns?: string;
}

/**
 * ssh that reads and writes nothing of the operator's own (configuration, agent, known hosts) and never asks. A guest's host
 * keys are new with every first boot, so they are not checked: use it for guests on this machine only.
 */
export function sshArgv(target: SshTarget, command: string): [string, ...string[]] {
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=10",
    "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "LogLevel=ERROR",
    "ServerAliveInterval=15",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
  ].flatMap((option) => ["-o", option]);
  const where = ["-i", target.key, "-p", String(target.port), `${target.user}@${target.host}`];
  const ssh: [string, ...string[]] = ["ssh", "-F", "/dev/null", ...options, ...where, "--", command];
  return target.netns === undefined ? ssh : ["ip", "netns", "exec", target.netns, ...ssh];
}
