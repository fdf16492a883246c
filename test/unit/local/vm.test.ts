import { describe, expect, it } from "vitest";
import { macAddress, overlayArgv, qemuArgv, type VirtualMachine } from "../../../src/compute/local/vm.js";

const machine: VirtualMachine = {
  name: "sipproxy0",
  memoryMiB: 1024,
  cpus: 2,
  accelerator: "tcg",
  nics: [
    {
      kind: "user",
      mac: "52:54:00:00:00:01",
      forwards: [{ protocol: "tcp", hostPort: 2222, guestPort: 22 }],
    },
    { kind: "tap", mac: "52:54:00:00:00:02", name: "tap0" },
  ],
  disk: "/state/disk.qcow2",
  seed: "/state/seed.iso",
  console: "/state/console.log",
  qmp: "/state/qmp.sock",
  pidfile: "/state/pid",
};

/** The values of one option, in order. */
const values = (argv: readonly string[], option: string) =>
  argv.filter((_, index) => argv[index - 1] === option);

describe("QEMU's arguments", () => {
  it("say everything about the machine", () => {
    expect(qemuArgv(machine).join(" ").replaceAll(" -", "\n-")).toMatchInlineSnapshot(`
      "qemu-system-x86_64
      -name sipproxy0
      -nodefaults
      -no-user-config
      -display none
      -machine q35
      -accel tcg,thread=multi
      -cpu max
      -m 1024
      -smp 2
      -drive file=/state/disk.qcow2,if=virtio,format=qcow2,discard=unmap
      -drive file=/state/seed.iso,if=virtio,format=raw,readonly=on
      -netdev user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22
      -device virtio-net-pci,netdev=net0,mac=52:54:00:00:00:01
      -netdev tap,id=net1,ifname=tap0,script=no,downscript=no
      -device virtio-net-pci,netdev=net1,mac=52:54:00:00:00:02
      -device virtio-rng-pci
      -serial file:/state/console.log
      -qmp unix:/state/qmp.sock,server=on,wait=off
      -pidfile /state/pid
      -daemonize"
    `);
  });

  it("start it in its network namespace", () => {
    expect(qemuArgv({ ...machine, netns: "lab" }).slice(0, 5)).toEqual([
      "ip",
      "netns",
      "exec",
      "lab",
      "qemu-system-x86_64",
    ]);
  });

  it("use the processor itself under KVM", () => {
    const argv = qemuArgv({ ...machine, accelerator: "kvm" });
    expect([values(argv, "-accel"), values(argv, "-cpu")]).toEqual([["kvm"], ["host"]]);
  });

  it("forward udp, and to an address that was asked for", () => {
    const forwards = [{ protocol: "udp" as const, hostAddress: "10.0.0.1", hostPort: 5060, guestPort: 5080 }];
    const argv = qemuArgv({ ...machine, nics: [{ kind: "user", mac: "52:54:00:00:00:01", forwards }] });
    expect(values(argv, "-netdev")).toEqual(["user,id=net0,hostfwd=udp:10.0.0.1:5060-:5080"]);
  });

  it("double the commas of a path", () => {
    const drives = values(qemuArgv({ ...machine, disk: "/a,b/disk.qcow2" }), "-drive");
    expect(drives[0]).toBe("file=/a,,b/disk.qcow2,if=virtio,format=qcow2,discard=unmap");
  });
});

describe("a MAC address", () => {
  it("stays the same for the same words", () => {
    expect(macAddress("fleet", "vm", 0)).toBe(macAddress("fleet", "vm", 0));
    expect(macAddress("fleet", "vm", 0)).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
  });

  it("differs for other words, also for those that read the same when joined", () => {
    const all = [
      macAddress("a", "b", 0),
      macAddress("a", "b", 1),
      macAddress("ab", 0),
      macAddress("a", "b0"),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("an overlay", () => {
  it("has its base's size unless a size is given", () => {
    const argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "/base", "/overlay"];
    expect(overlayArgv("/base", "/overlay")).toEqual(argv);
    expect(overlayArgv("/base", "/overlay", 6144)).toEqual([...argv, "6144M"]);
  });
});
