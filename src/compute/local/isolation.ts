/**
 * The front of a command that works in mount and pid namespaces of its own. Whatever ends this process, also SIGKILL, ends all that the
 * command started, and its mounts go with the namespace: nothing is left that a later `rm -r` could run into.
 */
export function isolated(...more: readonly string[]): [string, ...string[]] {
  const unshare = [
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--propagation",
    "private",
    ...more,
  ];
  return ["setpriv", "--pdeathsig", "KILL", ...unshare]; // unshare itself blocks SIGTERM while it waits
}
