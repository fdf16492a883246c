import { afterEach, expect, test } from "vitest";
import { renderHost } from "../../src/commands/render-host.js";
import { imageSources } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";
import { reveal } from "../support/fleets.js";
import { HostLab } from "../support/host-lab.js";
import { Sandbox } from "../support/proxy/sandbox.js";
import { releaseTree } from "../support/release-tree.js";

// curl signs differently in each release. The endpoint, on a separate port, checks every signature.

const secret = "it's \\ a secret";

let lab: HostLab | undefined;
let host: Sandbox | undefined;
afterEach(async () => {
  await host?.remove();
  await lab?.stop();
  host = lab = undefined;
});

test.each([
  ["Debian 12", () => Promise.resolve("/"), /^curl 7\.88\./],
  ["Debian 13", () => releaseTree("trixie"), /^curl 8\.14\./],
  ["unstable", () => releaseTree("unstable"), /^curl 8\.(1[5-9]|[2-9]\d)\./],
])("calls to AWS are signed with the curl of %s", async (_, tree, version) => {
  lab = await HostLab.start(1, { secrets: { "kam/db": secret }, parameters: { "/kam/db": secret } });
  const { fleet } = lab;
  const rendered = fleet.hosts.flatMap((one) => renderHost(fleet, one, reveal).files);
  const files = [...imageSources().rootfs, ...rendered];
  host = await Sandbox.create({ namespace: lab.network.namespace("host0"), files, root: await tree() });
  const run = async (script: string) => {
    if (!host) throw new Error("no host");
    return attempt(host.command({ argv: ["bash", "-c", script], timeout: 120_000 }));
  };
  expect((await run("curl --version")).stdout).toMatch(version);
  for (const place of ["secretsmanager kam/db", "ssm /kam/db"]) {
    const { exitCode, stdout, stderr } = await run(`/usr/lib/sip-proxy/fetch-secret ${place}`);
    expect([exitCode, stdout, stderr]).toEqual([0, secret, ""]);
  }
  const heartbeat = `cd /usr/lib/sip-proxy; . ./common.sh; . ./metadata.sh; . ./aws.sh; . ./group.sh; load_host
aws_identity && autoscaling RecordLifecycleActionHeartbeat "LifecycleHookName=$LAUNCH_HOOK" || echo "$aws_code $aws_reason"`;
  expect((await run(heartbeat)).stdout).toBe("");
  expect(lab.cloud.calls().map(({ outcome }) => outcome)).toEqual(["200", "200", "200"]);
});
