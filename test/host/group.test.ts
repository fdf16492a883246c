import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { renderHost } from "../../src/commands/render-host.js";
import { waitForConsole } from "../../src/do/local/console.js";
import type { Runner } from "../../src/compute/local/machine.js";
import { findVm } from "../../src/do/local/vm-store.js";
import { terminateLocal } from "../../src/targets/local/do/end.js";
import { launchLocal, localRunner } from "../../src/targets/local/do/launch.js";
import type { Host } from "../../src/understand/fleet.js";
import { bakeImage, mediaRelay, writeFleet } from "../support/demo-image.js";
import { GroupLab, labFleet, labGateway, privateAddress, publicAddress } from "../support/group-lab.js";
import { endpointAddress, instanceId } from "../support/host-lab.js";

// Three virtual machines of the baked image as a group, with the lab's metadata service and AWS endpoint. These are complete hosts with
// systemd; test/cloud runs the same programs in sandboxes.

const folder = mkdtempSync(join(tmpdir(), "group-"));
const indexes = [0, 1, 2];
const minutes = 60_000;
const fleet = labFleet({
  image: { media_relay: mediaRelay },
  group: { launch_timeout: 1800 },
  launch: {
    ec2: { region: "eu-west-1", host_endpoint_url: `http://${endpointAddress}` },
    local: { gateway: labGateway },
  },
});

let lab: GroupLab;

/** A machine of the group. The test sets the address of its card; for everything else about addresses, it queries the metadata service. */
function machine(index: number): Host {
  const group = fleet.hosts.find(({ kind }) => kind === "group");
  if (!group) throw new Error("the fleet has no group");
  return { ...group, name: `sipproxy-${index}`, private_ip_address: privateAddress(index) };
}

async function launch(index: number, image: string, runner: Runner): Promise<void> {
  const group = fleet.hosts.find(({ kind }) => kind === "group") ?? machine(index);
  const reveal = () => {
    throw new Error("a literal secret in the group's user-data");
  };
  const { bytes: userData } = renderHost(fleet, group, reveal);
  const plug = lab.network.port(`host${index}`);
  await launchLocal(fleet, machine(index), { image, runner, userData, plug });
}

async function said(index: number, pattern: RegExp, timeout: number): Promise<string> {
  const vm = await findVm(fleet.name, machine(index).name);
  if (!vm) throw new Error(`no machine ${index}`);
  return (await waitForConsole(vm.record.machine.console, pattern, { timeout }))[0];
}

beforeAll(async () => {
  const { path } = await bakeImage(writeFleet(folder));
  process.env["XDG_STATE_HOME"] = join(folder, "state");
  const runner = await localRunner(fleet);
  lab = await GroupLab.start(indexes.length, {}, fleet, "machine");
  for (const index of indexes) await launch(index, path, runner);
});

afterAll(async () => {
  for (const index of indexes) await terminateLocal(fleet, machine(index));
  delete process.env["XDG_STATE_HOME"];
  await lab?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the group hears of each that it takes calls", async () => {
  for (const index of indexes) {
    const heard = lab.cloud.untilCompleted(instanceId(index), "sip-proxy-launch", 20 * minutes);
    // a failure shows the end of the console
    const result = await heard.catch(() => said(index, /takes calls at/, 0));
    expect(result).toBe("CONTINUE");
  }
});

test("scale-in with 20 calls up loses none: the machine goes when its last call has ended", async () => {
  const targets = indexes.map((i) => ({ transport: "udp" as const, address: publicAddress(i), port: 5080 }));
  const spread = { targets, spread: "round-robin" as const, rtp: { rate: 10 } };
  const platform = await lab.call(0, { ...spread, calls: 20, rate: 2, holdMs: 60_000 });
  await platform.allPlaced();
  await lab.cloud.terminate(instanceId(1));
  await said(1, /draining: the group terminates this instance/, 2 * minutes);
  const late = await lab.calls(0, { ...spread, calls: 6, rate: 2, holdMs: 2000 });
  expect(late.summary).toMatchObject({ errors: {}, outcomes: { ok: 6 } });
  expect(await lab.lifecycle(1)).toBe("Terminating:Wait");

  const { summary } = await platform.finished;
  expect(summary).toMatchObject({ errors: {}, outcomes: { ok: 20 } });
  expect(await lab.cloud.untilCompleted(instanceId(1), "sip-proxy-terminate", 2 * minutes)).toBe("CONTINUE");
  await said(1, /drained after \d+ s: no calls are left/, minutes);
  const { rtpPackets, rtpLost } = (await lab.recorder?.totals()) ?? { rtpPackets: 0, rtpLost: -1 };
  const sent = summary.rtpPackets + late.summary.rtpPackets;
  console.log(`RTP: ${sent} sent, ${rtpPackets} recorded, ${rtpLost} lost`);
  expect(rtpLost).toBe(0);
  // an emulated guest may forward the last packets after the recorder has closed
  expect(rtpPackets).toBeGreaterThan(0.95 * sent);
  for (const index of [0, 2]) expect(await lab.lifecycle(index)).toBe("InService");
});
