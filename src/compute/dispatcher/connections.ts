import type { Fleet } from "../../understand/fleet.js";

/** What is to be told where a server that allows so many connections has too few for each host to keep one: hosts leave half to others. */
export function shortage({ hosts, group }: Pick<Fleet, "hosts" | "group">, allowed = Infinity) {
  const most = hosts.filter(({ kind }) => kind === "proxy").length + (group?.max ?? 0);
  const kept = Math.floor(allowed / 2);
  if (most <= kept) return undefined;
  return (
    `database: of the ${allowed} connections that it allows hosts keep ${kept} at most, and the fleet has up to ${most} hosts: the ` +
    "others connect for each look at the dispatcher table, which costs the server some 9 ms. Raise max_connections (or the limit of role " +
    "or database), or put a pooler before it that pools transactions"
  );
}
