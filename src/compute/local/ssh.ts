/** The address and credentials of a guest. */
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
 * An ssh command line that does not use the operator's configuration, agent or known hosts, and never prompts. A guest has new host keys
 * after every first boot, so they are not checked: use it only for guests on this machine.
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
