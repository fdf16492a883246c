/** Runs the script on standard input as root. A login other than root needs sudo without a password. */
const asRoot = `exec sh -c 'if [ "$(id -u)" = 0 ]; then exec bash -s; else exec sudo -n bash -s; fi'`;

/** The operator's ssh, with user, port, key, jump hosts and known hosts from its configuration. It never prompts. `more`: options. */
export function operatorSshArgv(address: string, ...more: readonly string[]): [string, ...string[]] {
  const options = ["BatchMode=yes", "ConnectTimeout=10", ...more].flatMap((option) => ["-o", option]);
  return ["ssh", ...options, "--", address, asRoot];
}
