import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseStat, type ProcessIdentity } from "../../../src/compute/local/process-identity.js";
import type { VirtualMachine } from "../../../src/compute/local/vm.js";
import { identify, isAlive, signal } from "../../../src/do/local/process-identity.js";
import { removeMachine, stopMachine } from "../../../src/do/local/machine.js";
import { LocalHosts } from "../../../src/targets/local/do/launch.js";
import { eventually } from "../../support/eventually.js";
import { fleetOf } from "../../support/fleets.js";
import { findVm, listVms, saveVm, vmFolder, type VmRecord } from "../../../src/do/local/vm-store.js";

let state: string;
let child: ChildProcess;

/** Saves the record of a VM with this QEMU process. */
async function record(name: string, process?: ProcessIdentity): Promise<VmRecord> {
  const folder = vmFolder("test", name, state);
  const file = (leaf: string) => join(folder, leaf);
  const files = {
    disk: file("d"),
    seed: file("s"),
    console: file("c"),
    qmp: file("q"),
    pidfile: file("pid"),
  };
  const hardware: Omit<VirtualMachine, keyof typeof files> = {
    name,
    memoryMiB: 512,
    cpus: 1,
    accelerator: "tcg",
    nics: [],
  };
  const vm = { fleet: "test", machine: { ...hardware, ...files }, base: "/base" };
  const full = process === undefined ? vm : { ...vm, process };
  await saveVm(folder, full);
  return full;
}

/** A stand-in for QEMU: a sleeping process with these arguments. */
function sleeper(...args: string[]): ProcessIdentity {
  child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "--", ...args], { stdio: "ignore" });
  const found = identify(child.pid ?? 0);
  if (found === undefined) throw new Error("the stand-in did not start");
  return found;
}

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "sip-proxy-test-"));
});

afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(state, { recursive: true, force: true });
});

describe("which process is a VM's", () => {
  it("is the one that was noted, while it runs", async () => {
    const running = sleeper();
    await record("a", running);
    expect((await findVm("test", "a", state))?.running).toEqual(running);
  });

  it("is never another one that got its pid", async () => {
    const other = sleeper();
    const vm = await record("a", { ...other, startTicks: other.startTicks - 1 });
    await writeFile(vm.machine.pidfile, String(other.pid));
    expect((await findVm("test", "a", state))?.running).toBeUndefined();
    expect(await stopMachine(vm, 1000)).toBe("was not running");
    await removeMachine(vm);
    expect(isAlive(other)).toBe(true);
    expect(await findVm("test", "a", state)).toBeUndefined();
  });

  it("is none after the machine was booted anew, even with the same pid and start time", async () => {
    const other = sleeper();
    await record("a", { ...other, bootId: "another boot" });
    expect((await findVm("test", "a", state))?.running).toBeUndefined();
  });

  it("is found by its pid file's path when it could not be noted", async () => {
    const vm = await record("a");
    const running = sleeper("-pidfile", vm.machine.pidfile);
    await writeFile(vm.machine.pidfile, `${running.pid}\n`);
    await expect.poll(async () => (await findVm("test", "a", state))?.running).toEqual(running);
  });

  it("is found by its pid file and its id, when it is a container", async () => {
    const { machine: vm } = await record("a");
    const files = { disk: vm.disk, seed: vm.seed, console: vm.console, pidfile: vm.pidfile, folder: state };
    const machine = { engine: "container" as const, name: "a", id: "sp-1", namespace: "sp-1", ...files };
    await saveVm(vmFolder("test", "a", state), { fleet: "test", machine, base: "/base" });
    const other = sleeper("--machine=sp-2");
    await writeFile(vm.pidfile, `${other.pid}\n`);
    expect((await findVm("test", "a", state))?.running).toBeUndefined();
    signal(other, "SIGKILL");
    const running = sleeper("--machine=sp-1");
    await writeFile(vm.pidfile, `${running.pid}\n`);
    await expect.poll(async () => (await findVm("test", "a", state))?.running).toEqual(running);
  });

  it("is none when the pid file is empty or broken", async () => {
    const vm = await record("a");
    for (const text of ["", "0", "-1", "abc", "1"]) {
      await writeFile(vm.machine.pidfile, text);
      expect((await findVm("test", "a", state))?.running).toBeUndefined();
    }
  });
});

describe("stopping", () => {
  it("kills its own process when QEMU does not answer", async () => {
    const vm = await record("a", sleeper());
    expect(await stopMachine(vm, 0)).toBe("killed");
  });
});

describe("listing", () => {
  it("goes by fleet and name, and does not stumble over other folders", async () => {
    await record("b");
    await record("a", sleeper());
    await writeFile(join(state, "stray"), "");
    const found = await listVms({ state });
    expect(found.map((vm) => [vm.record.machine.name, vm.running !== undefined])).toEqual([
      ["a", true],
      ["b", false],
    ]);
    expect(await listVms({ state, fleet: "other" })).toEqual([]);
    expect(await listVms({ state: join(state, "missing") })).toEqual([]);
  });

  it.each(["", ".ssh", "../x", "a/b", "-a", "a_b", "x".repeat(64)])("refuses %j as a name", (name) => {
    expect(() => vmFolder("fleet", name, state)).toThrow("cannot name a local VM");
  });
});

describe("a process", () => {
  it("is identified by its start time, whatever its name holds", () => {
    const rest = `S 1 ${"0 ".repeat(17)}4711 9 9`;
    expect(parseStat(`42 (qemu) ${rest}`)).toEqual({ state: "S", startTicks: 4711 });
    expect(parseStat(`42 (a) R (b) ${rest}`)).toEqual({ state: "S", startTicks: 4711 });
    expect(parseStat("")).toBeUndefined();
  });

  it("gets a signal only if it is the one that is meant", () => {
    const running = sleeper();
    expect(signal({ ...running, startTicks: 1 }, "SIGKILL")).toBe(false);
    expect(isAlive(running)).toBe(true);
  });
});

describe("a roll over hosts of this machine", () => {
  beforeEach(() => void vi.stubEnv("XDG_STATE_HOME", state));
  afterEach(() => void vi.unstubAllEnvs());

  const rolling = (image: string) =>
    new LocalHosts(
      fleetOf({ fleet: "test", launch: { local: { bridge: "br-sip" } } }),
      () => Promise.resolve(image),
      false,
    ).rolling;
  const launched = (name: string, base: string) => {
    const folder = vmFolder("test", name);
    return saveVm(folder, {
      fleet: "test",
      machine: { name, pidfile: join(folder, "pid") },
      base,
    } as VmRecord);
  };

  it("that goes on after it was cut off keeps the image that hosts had before it began", async () => {
    for (const name of ["a", "b", "c"]) await launched(name, "/former");
    expect(await rolling("/newest").previous()).toBeUndefined();
    await rolling("/newest").remember();
    for (const [name, left] of [
      ["a", "/former"],
      ["b", "/former"],
      ["c", "/former"],
    ] as const) {
      expect(await rolling("/newest").previous()).toBe(left);
      await launched(name, "/newest");
      await rolling("/newest").remember();
    }
    expect(await rolling("/newest").previous()).toBe("/former");
  });

  it("waits for another one to end", async () => {
    const order: string[] = [];
    let end: () => void = () => undefined;
    const first = rolling("/newest").alone(async () => {
      order.push("first begins");
      await new Promise<void>((resolve) => (end = resolve));
      order.push("first ends");
    });
    await eventually(() => expect(order).toHaveLength(1));
    const second = rolling("/newest").alone(() => Promise.resolve(order.push("second")));
    end();
    await Promise.all([first, second]);
    expect(order).toEqual(["first begins", "first ends", "second"]);
  });

  it("refuses an image that is not there, or has another media relay, before a host is touched", async () => {
    await expect(rolling(join(state, "gone.qcow2")).prepare([])).rejects.toThrow(/there is no image .*gone/);
    await writeFile(join(state, "manifest.json"), JSON.stringify({ contents: { mediaRelay: "rtpengine" } }));
    await expect(rolling(join(state, "other.qcow2")).prepare([])).rejects.toThrow(
      /has rtpengine, but the fleet file has media_relay: rtpproxy/,
    );
  });
});
