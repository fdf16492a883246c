import { createHash } from "node:crypto";
import { acceleratorArgs, type Accelerator } from "./accelerator.js";

/** A port of this machine that is forwarded to the guest. */
export interface Forward {
  protocol: "tcp" | "udp";
  /** 127.0.0.1 unless given. */
  hostAddress?: string;
  hostPort: number;
  guestPort: number;
}

export type Nic =
  /** QEMU's user network: outgoing traffic, and forwarded ports. */
  | { kind: "user"; mac: string; forwards: readonly Forward[] }
  /** An existing tap device (in the VM's network namespace, if it has one). */
  | { kind: "tap"; mac: string; name: string };

/** One guest: all inputs for its QEMU process. Paths are absolute. */
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
  /** File for the output of the guest's serial port. */
  console: string;
  /** Unix socket of the QEMU Machine Protocol. */
  qmp: string;
  pidfile: string;
}

/** QEMU's command line. QEMU goes to the background when the guest runs, and outlives its caller. */
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

/** Escapes a value in QEMU's option lists: commas are doubled. */
function escaped(value: string): string {
  return value.replaceAll(",", ",,");
}

/** A MAC address that is always the same for the same words (fleet, VM, index): QEMU's prefix and 24 bits of a hash. */
export function macAddress(...words: readonly (string | number)[]): string {
  const hash = createHash("sha256").update(words.join("\0")).digest("hex");
  return `52:54:00:${hash.slice(0, 6).replace(/..\B/g, "$&:")}`;
}

/** The command that makes a qcow2 with the base as backing file; larger than the base if a size is given. */
export function overlayArgv(base: string, overlay: string, diskMiB?: number): [string, ...string[]] {
  const size = diskMiB === undefined ? [] : [`${diskMiB}M`];
  return ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, overlay, ...size];
}
