import { destination } from "../destination.js";
import type { Fault } from "../fault.js";
import type { Fleet } from "../fleet.js";

/** A value that must be unique in the fleet, and its place in the file. */
interface Claim {
  value: string;
  path: Fault["path"];
}

export function someHost({ hosts }: Fleet): Fault[] {
  if (hosts.length > 0) return [];
  return [{ path: [], message: "needs at least one proxy, or a group", hint: "add `proxies:` or `group:`" }];
}

export function someRecorder({ recorders }: Fleet): Fault[] {
  if (recorders.length > 0) return [];
  return [
    {
      path: ["recorders"],
      atKey: true,
      message: "must contain at least one recorder; without recorders every call gets 503",
      hint: "add recorders: { recorder0: { private_ip_address: 10.0.0.3 } }",
    },
  ];
}

export function uniqueHostNames({ hosts }: Fleet): Fault[] {
  const claims = hosts.map(({ name, kind, path }) => ({
    value: name.toLowerCase(),
    path: kind === "group" ? [...path, "name"] : path,
  }));
  return repeated(
    claims,
    (other) => `must differ from the name of ${other} (upper and lower case are the same here)`,
  );
}

export function uniquePublicAddresses({ hosts }: Fleet): Fault[] {
  const claims = hosts
    .filter(({ public_ip_address }) => public_ip_address !== "auto")
    .map(({ public_ip_address, path }) => ({
      value: public_ip_address,
      path: [...path, "public_ip_address"],
    }));
  return repeated(claims, (other) => `must be the address of one host only; ${other} has it too`);
}

export function uniquePrivateAddresses({ hosts, recorders }: Fleet): Fault[] {
  const proxies = hosts
    .filter(({ private_ip_address }) => private_ip_address !== "auto")
    .map(({ private_ip_address, path }) => ({
      value: private_ip_address,
      path: [...path, "private_ip_address"],
    }));
  const both = recorders
    .filter(({ private_ip_address }) => proxies.some(({ value }) => value === private_ip_address))
    .map(({ name }) => ({
      path: ["recorders", name, "private_ip_address"],
      message: "must not be the address of a proxy: calls would loop back to the proxy",
    }));
  return [
    ...repeated(proxies, (other) => `must be the address of one host only; ${other} has it too`),
    ...both,
  ];
}

/** Kamailio before 6.1 finds a destination's state by its URI, so two rows of a set must not have the same URI. */
export function uniqueDestinations({ recorders }: Fleet): Fault[] {
  const claims = recorders.map((recorder) => ({
    value: `${recorder.siprec_set} ${destination(recorder)}`,
    path: ["recorders", recorder.name],
  }));
  return repeated(claims, (other) => `must differ from ${other} in address, port or protocol`).map(
    (fault) => ({
      ...fault,
      atKey: true,
    }),
  );
}

function repeated(claims: readonly Claim[], message: (other: string) => string): Fault[] {
  const first = new Map<string, Fault["path"]>();
  return claims.flatMap(({ value, path }) => {
    const other = first.get(value);
    if (other) return [{ path, message: message(other.join(".")) }];
    first.set(value, path);
    return [];
  });
}
