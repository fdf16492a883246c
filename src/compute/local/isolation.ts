/**
 * The beginning of a command line that runs in new mount and pid namespaces. If this process ends, even by SIGKILL, all processes of the
 * command end, and its mounts disappear with the namespace, so that a later `rm -r` cannot run into them.
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
