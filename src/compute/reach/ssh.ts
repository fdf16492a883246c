/** Root runs what comes on standard input; whoever else the operator's login is needs sudo without a password. */
const asRoot = `exec sh -c 'if [ "$(id -u)" = 0 ]; then exec bash -s; else exec sudo -n bash -s; fi'`;

/** The operator's own ssh: user, port, key, jump hosts and known hosts are those of its configuration. It never asks. `more`: of its options. */
export function operatorSshArgv(address: string, ...more: readonly string[]): [string, ...string[]] {
  const options = ["BatchMode=yes", "ConnectTimeout=10", ...more].flatMap((option) => ["-o", option]);
  return ["ssh", ...options, "--", address, asRoot];
}
