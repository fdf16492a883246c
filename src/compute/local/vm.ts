import { createHash } from "node:crypto";
import { acceleratorArgs, type Accelerator } from "./accelerator.js";

/** A port of the machine that leads into the guest. */
export interface Forward {
  protocol: "tcp" | "udp";
  /** 127.0.0.1 unless given. */
  hostAddress?: string;
  hostPort: number;
  guestPort: number;
}

export type Nic =
  /** QEMU's own network: outgoing traffic only, and the ports forwarded. */
  | { kind: "user"; mac: string; forwards: readonly Forward[] }
  /** A tap device that exists already (in the VM's network namespace, when it has one). */
  | { kind: "tap"; mac: string; name: string };

/** One guest: everything that its QEMU process is started with. Paths are absolute. */
export interface VirtualMachine {
  name: string;
  memoryMiB: number;
  cpus: number;
  accelerator: Accelerator;
  nics: readonly Nic[];
  /** The name of a network namespace made by `ip netns add`. */
  netns?: string;
  /** qcow2; the guest's first disk. */
  disk: string;
  /** ISO with the NoCloud seed. */
  seed: string;
  /** Where what the guest writes to its serial port is put. */
  console: string;
  /** Unix socket of QEMU's machine protocol. */
  qmp: string;
  pidfile: string;
}

/** The program and its arguments. QEMU goes to the background by itself once the guest runs, and outlives its caller. */
export function qemuArgv(vm: VirtualMachine): [string, ...string[]] {
  const qemu = [
    "qemu-system-x86_64",
    ...["-name", escaped(vm.name)],
    ...["-nodefaults", "-no-user-config", "-display", "none"],
    ...["-machine", "q35", ...acceleratorArgs(vm.accelerator)],
    ...["-m", String(vm.memoryMiB), "-smp", String(vm.cpus)],
    ...["-drive", `file=${escaped(vm.disk)},if=virtio,format=qcow2,discard=unmap`],
    ...["-drive", `file=${escaped(vm.seed)},if=virtio,format=raw,readonly=on`],
    ...vm.nics.flatMap(nicArgs),
    ...["-device", "virtio-rng-pci"],
    ...["-serial", `file:${vm.console}`],
    ...["-qmp", `unix:${escaped(vm.qmp)},server=on,wait=off`],
    ...["-pidfile", vm.pidfile, "-daemonize"],
  ] as [string, ...string[]];
  return vm.netns === undefined ? qemu : ["ip", "netns", "exec", vm.netns, ...qemu];
}

function nicArgs(nic: Nic, index: number): string[] {
  const backend =
    nic.kind === "user"
      ? ["user", `id=net${index}`, ...nic.forwards.map(forward)]
      : ["tap", `id=net${index}`, `ifname=${escaped(nic.name)}`, "script=no", "downscript=no"];
  return ["-netdev", backend.join(","), "-device", `virtio-net-pci,netdev=net${index},mac=${nic.mac}`];
}

function forward(rule: Forward): string {
  return `hostfwd=${rule.protocol}:${rule.hostAddress ?? "127.0.0.1"}:${rule.hostPort}-:${rule.guestPort}`;
}

/** In a QEMU option list a comma inside a value is written twice. */
function escaped(value: string): string {
  return value.replaceAll(",", ",,");
}

/** An address for a network card that stays the same for the same words (fleet, VM, index): QEMU's prefix and 24 bits of a hash. */
export function macAddress(...words: readonly (string | number)[]): string {
  const hash = createHash("sha256").update(words.join("\0")).digest("hex");
  return `52:54:00:${hash.slice(0, 6).replace(/..\B/g, "$&:")}`;
}

/** A qcow2 file that holds what differs from its base; larger than the base when a size is given. */
export function overlayArgv(base: string, overlay: string, diskMiB?: number): [string, ...string[]] {
  const size = diskMiB === undefined ? [] : [`${diskMiB}M`];
  return ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, overlay, ...size];
}
