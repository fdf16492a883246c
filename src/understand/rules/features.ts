import { allRelays, relayOf } from "../../relay/registry.js";
import type { Fault } from "../fault.js";
import type { Fleet, Recorder } from "../fleet.js";
import { placeOf } from "./place-of.js";

export function tlsRecordersNeedTls({ hosts, recorders }: Fleet): Fault[] {
  if (hosts.every(({ settings }) => settings.enable_tls)) return [];
  return ofTlsRecorders(recorders, {
    message: "is tls, which requires enable_tls on the proxies",
    hint: "add enable_tls: true under settings",
  });
}

/** A warning: without a check of the certificate, anybody who takes over the recorder's address would get the audio. */
export function tlsRecordersAreChecked({ hosts, recorders }: Fleet): Fault[] {
  const trusting = hosts.some(({ settings }) => settings.enable_tls && settings.tls_ca === undefined);
  if (!trusting) return [];
  return ofTlsRecorders(recorders, {
    severity: "warning",
    message: "is tls without tls_ca: the proxies do not check the recorder's certificate",
    hint: "add tls_ca under settings, with the CA that signed the certificate",
  });
}

function ofTlsRecorders(recorders: readonly Recorder[], fault: Omit<Fault, "path">): Fault[] {
  return recorders
    .filter(({ siprec_protocol }) => siprec_protocol === "tls")
    .map(({ name }) => ({ path: ["recorders", name, "siprec_protocol"], ...fault }));
}

export function relaySourceIsPinned({ image }: Fleet): Fault[] {
  return relayOf(image).source?.faults(image) ?? [];
}

/** With `kernel_forwarding: true`, a host without the kernel module accepts no calls: refuses images that cannot have it. */
export function kernelForwardingIsPossible({ image }: Fleet): Fault[] {
  if (image.kernel_forwarding !== true) return [];
  const path = ["image", "kernel_forwarding"];
  const able = allRelays().filter(({ kernel }) => kernel !== undefined);
  const { title, kernel } = relayOf(image);
  if (kernel === undefined)
    return [
      {
        path,
        message: `cannot be true: ${title} does not forward in the kernel`,
        hint: `set media_relay: ${able.map(({ name }) => name).join(" or ")}, or remove kernel_forwarding`,
      },
    ];
  const release = kernel.notOn.find((one) => one === image.base);
  if (release === undefined) return [];
  return [
    {
      path,
      message: `cannot be true: ${title} in ${release} does not forward in the kernel`,
      hint: "set base: debian-13, or remove kernel_forwarding",
    },
  ];
}

export function groupBoundsAscend({ group }: Fleet): Fault[] {
  if (!group || group.min <= group.max) return [];
  return [{ path: ["group", "min"], message: `must be at most max (${group.max}); got ${group.min}` }];
}

/** A warning: without a list of allowed sources, anybody who finds the address can call the recorders. */
export function platformsAreNamed({ hosts }: Fleet): Fault[] {
  const open = hosts.filter(({ settings }) => settings.trusted.length === 0);
  const all = hosts
    .filter(({ settings }) => settings.trusted.some(isEverybody))
    .map((host) => ({
      path: placeOf(host, "trusted"),
      severity: "warning" as const,
      message: "matches every address: calls are accepted from any address, and antiflood has no effect",
      hint: "list the networks of the voice platform only",
    }));
  if (open.length === 0) return all;
  const everywhere = open.length === hosts.length;
  return [
    {
      path: everywhere ? ["settings"] : (open[0]?.path ?? []),
      atKey: true,
      severity: "warning",
      message:
        "has no trusted networks: calls are accepted from any address, and antiflood counts the platform's requests too",
      hint: "add trusted: [the voice platform's networks] under settings",
    },
    ...all,
  ];
}

const isEverybody = (network: string): boolean => network.endsWith("/0");

/** JSON-RPC controls all of Kamailio, such as recorders, calls and log level, so it must not be open to everybody. */
export function jsonRpcIsNotForEverybody({ hosts }: Fleet): Fault[] {
  return hosts
    .filter(({ settings }) => settings.enable_jsonrpc && settings.http_allow.some(isEverybody))
    .map((host) => ({
      path: placeOf(host, "http_allow"),
      severity: "warning" as const,
      message: "lets every address use JSON-RPC (enable_jsonrpc), which can end calls and change recorders",
      hint: "list the networks of your monitoring and administrators only",
    }));
}

/** A warning: logs for debugging cost CPU time, and a host then takes fewer calls. */
export function debuggingIsTemporary({ hosts }: Fleet): Fault[] {
  return hosts.flatMap((host) => {
    const warning = (name: "enable_debug" | "debug_level", message: string, usual: unknown): Fault[] => [
      {
        path: placeOf(host, name),
        severity: "warning",
        message,
        hint: `set ${name}: ${String(usual)}, except while you look for a fault`,
      },
    ];
    const { enable_debug, debug_level } = host.settings;
    return [
      ...(enable_debug
        ? warning("enable_debug", "is on: Kamailio logs every step of its routing script", false)
        : []),
      ...(debug_level >= 3
        ? warning(
            "debug_level",
            "is 3: a call takes about four times as much CPU time, because Kamailio logs every step of its code",
            2,
          )
        : []),
    ];
  });
}

/** Networks for SSH have an effect only with the firewall: without it, SSH stays open to all. */
export function sshNetworksNeedFirewall({ hosts }: Fleet): Fault[] {
  return hosts
    .filter(({ settings }) => settings.ssh_networks.length > 0 && !settings.host_firewall)
    .map((host) => ({
      path: placeOf(host, "ssh_networks"),
      severity: "warning" as const,
      message: "has no effect without host_firewall: SSH is open to all networks",
      hint: "add host_firewall: true",
    }));
}
