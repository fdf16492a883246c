import type { Fleet } from "../../understand/fleet.js";

/** A warning if the server allows too few connections for all hosts: each keeps one, and hosts use at most half of them. */
export function shortage({ hosts, group }: Pick<Fleet, "hosts" | "group">, allowed = Infinity) {
  const most = hosts.filter(({ kind }) => kind === "proxy").length + (group?.max ?? 0);
  const kept = Math.floor(allowed / 2);
  if (most <= kept) return undefined;
  return (
    `database: hosts keep at most ${kept} of its ${allowed} connections, and the fleet has up to ${most} hosts: the ` +
    "other hosts connect for each read of the dispatcher table, which costs the server about 9 ms. Raise max_connections (or the limit of the role " +
    "or database), or use a pooler in transaction mode"
  );
}
