import { afterEach, expect, test } from "vitest";
import { instanceRolePolicy } from "../../src/targets/ec2/compute/policy/instance-role.js";
import { poolTag } from "../../src/compute/host/contract.js";
import type { CloudCall } from "../support/host-cloud/protocol.js";
import { eventually } from "../support/eventually.js";
import { certificate } from "../support/certificates.js";
import { zoneWith } from "../support/zone.js";
import { databasePassword, GroupLab, labFleet, publicAddress } from "../support/group-lab.js";
import { instanceId } from "../support/host-lab.js";

// In all these tests, the lab's endpoint allows only what `sip-proxy iam-policy` prints. Here a host with every option of the fleet file
// goes through its whole life: the policy must not contain anything that the host never needs.

let lab: GroupLab;
afterEach(() => lab?.stop());

test("every action and every statement of the policy is needed in a host's life, and no call is denied", async () => {
  const fleetWith = (more: object) =>
    labFleet({
      dns: { domain: "sip.example.com", ttl: 5 },
      group: {
        hosted_zone_id: "Z0123456789ABC",
        elastic_ip_pool: "proxies",
        target_calls: 100,
        alarm_actions: ["arn:aws:sns:eu-west-1:123456789012:voice"],
        ...more,
      },
      settings: {
        enable_tls: true,
        tls_certificate: "${ssm:/sip-proxy/certificate}",
        tls_private_key: "${secretsmanager:sip-proxy/tls}",
      },
    });
  const fleet = fleetWith({});
  const own = await certificate("sip.example.com");
  const policy = instanceRolePolicy(fleet, { region: "eu-west-1", account: "*", kmsKeys: [] });
  const options = {
    policy,
    secrets: { "kam/db": databasePassword, "sip-proxy/tls": own.key },
    parameters: { "/sip-proxy/certificate": own.cert },
    instances: [
      { id: instanceId(0), privateAddress: "10.0.0.101" },
      { id: instanceId(1), privateAddress: "10.0.0.102", lifecycle: "InService" as const },
    ],
    ...zoneWith(instanceId(1)),
    addresses: [{ allocationId: "eipalloc-0", publicIp: publicAddress(0), tags: { [poolTag]: "proxies" } }],
  };
  lab = await GroupLab.start(1, options, fleet);
  await lab.recorder?.stop();
  const host = await lab.boot(0, fleetWith({ launch_timeout: lab.patience(45) }));
  await host.until(/not ready: no recorder has answered OPTIONS yet/);
  const count = (action: string) => lab.cloud.calls(action).length;
  await eventually(() => expect(count("RecordLifecycleActionHeartbeat")).toBeGreaterThan(0), 120_000);
  await lab.startRecorder();
  expect(await lab.cloud.untilCompleted(instanceId(0), "sip-proxy-launch")).toBe("CONTINUE");
  await eventually(() => expect(published(lab.cloud.calls("PutMetricData"))).toEqual(complete), 120_000);
  await host.run("bash", "-c", "touch /run/no-relay; pkill -KILL -x rtpengine");
  await lab.cloud.untilCompleted(instanceId(0), "sip-proxy-terminate");

  const calls = lab.cloud.calls();
  expect(calls.filter(({ outcome }) => outcome !== "200")).toEqual([]);
  const used = new Set(calls.flatMap(({ statements }) => statements));
  expect([...used].sort()).toEqual(policy.Statement.map(({ Sid }) => Sid).sort());
  const asked = new Set(calls.map(({ service, action }) => `${service}:${action}`));
  const allowed = policy.Statement.flatMap(({ Action }) => Action).map((action) =>
    action.replace("cloudwatch:", "monitoring:"),
  );
  expect([...asked].sort()).toEqual([...new Set(allowed)].sort());
});

/** The metrics of a host with its one recorder up and no refused call; the certificate's days vary. */
const complete = {
  ActiveCalls: "0",
  HostsReady: "1",
  RecordersUp: "1",
  CallsRefused: "0",
  CertificateDays: expect.stringMatching(/^\d+$/) as string,
};

/** The metrics of the last call, by name. */
function published(calls: readonly CloudCall[]): Record<string, string> {
  const { parameters = {} } = calls.at(-1) ?? {};
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.endsWith(".MetricName"))
      .map(([name, metric]) => [metric, parameters[name.replace("MetricName", "Value")] ?? ""]),
  );
}
