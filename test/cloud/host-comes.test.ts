import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import type { CloudOptions } from "../support/host-cloud/client.js";
import { certificate } from "../support/certificates.js";
import { databasePassword, GroupLab, labFleet, publicAddress } from "../support/group-lab.js";
import { instanceId } from "../support/host-lab.js";
import { PATIENCE, slackFromNow } from "../support/slack.js";

// The host's scripts and programs in sandboxes, with the lab's metadata service and AWS endpoint.

let lab: GroupLab;
afterEach(() => lab?.stop());

const launch = "sip-proxy-launch";
/** Limit for a slow machine, on which a host takes up to 20 times as long. */
const PATIENT = { timeout: 30 * 60_000 };
const recorderElsewhere = {
  settings: { disp_set: [2] },
  recorders: { recorder0: { private_ip_address: "10.0.0.99", siprec_set: 2 } },
};

test("the group hears that a host takes calls when it does, and of its pains until then", async () => {
  const fleet = labFleet({ group: { launch_timeout: 60 } });
  lab = await GroupLab.start(1, {}, fleet);
  await lab.recorder?.stop();
  const host = await lab.boot(0, fleet);
  await host.until(/not ready: no recorder has answered OPTIONS yet, of 1 in the list/);
  const beats = () => lab.cloud.calls("RecordLifecycleActionHeartbeat").length;
  await eventually(() => expect(beats()).toBeGreaterThan(1), 120_000);
  expect(await host.isReady()).toBe(false);
  expect(lab.cloud.completed).toEqual([]);

  await lab.startRecorder();
  expect(await lab.cloud.untilCompleted(instanceId(0), launch)).toBe("CONTINUE");
  expect(await host.isReady()).toBe(true);
  expect(await lab.lifecycle()).toBe("InService");
});

test("certificate and key come from where they are kept, calls from over TLS; the key is seen nowhere", async () => {
  const own = await certificate("sip.example.com");
  const fleet = labFleet({
    settings: {
      enable_tls: true,
      tls_certificate: "${ssm:/sip-proxy/certificate}",
      tls_private_key: "${secretsmanager:sip-proxy/tls#private_key}",
    },
  });
  const secrets = {
    "kam/db": databasePassword,
    "sip-proxy/tls": JSON.stringify({ private_key: own.key }),
  };
  lab = await GroupLab.start(1, { secrets, parameters: { "/sip-proxy/certificate": own.cert } }, fleet);
  const host = await lab.bringUp(0, fleet);
  const target = { transport: "tls" as const, address: publicAddress(0), port: 5061 };
  const { summary } = await lab.calls(0, { kind: "tcp-source-port", targets: [target], calls: 3 });
  expect(summary).toMatchObject({ errors: {}, outcomes: { ok: 3 } });
  const show =
    "openssl s_client -connect 10.0.0.101:5061 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256";
  expect((await host.run("bash", "-c", show)).stdout).toBe(own.fingerprint);
  const [, secret = "no key"] = own.key.split("\n");
  expect(host.console.join("\n")).not.toContain(secret);
  const seen = await host.run("bash", "-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'");
  expect(seen.stdout).toContain("kamailio");
  expect(seen.stdout).not.toContain(secret);
  const readable = `find /etc /run /var /tmp -xdev -type f -perm /077 -size -1M -print0 2>/dev/null | xargs -0 grep -lF -- '${secret}' || true`;
  expect((await host.run("bash", "-c", readable)).stdout).toBe("");
});

describe("a host that cannot become ready", () => {
  const cases = [
    {
      title: "database that does not answer",
      parts: { database: { dbport: 5433 } },
      reason: /database: database kamailio at 10.0.0.9:5433: .*Connection refused/,
    },
    {
      title: "wrong password",
      parts: { database: { dbpass_kam: "${secretsmanager:kam/wrong}" } },
      reason: /database: database kamailio at 10.0.0.9:5432: .*password authentication failed/,
    },
    {
      title: "secret that does not exist",
      parts: { database: { dbpass_kam: "${ssm:/kam/none}" } },
      reason: /configure: secret ssm \/kam\/none does not exist/,
    },
    {
      title: "no public address",
      parts: {},
      reason: /configure: no address: the metadata service has no public-ipv4 for this instance/,
    },
    {
      title: "no address left in the pool",
      parts: { group: { elastic_ip_pool: "proxies" } },
      reason: /configure: no address: none of the 0 addresses of the pool proxies is free/,
    },
    {
      title: "no recorder",
      parts: recorderElsewhere,
      reason: /selftest: not ready: no recorder has answered OPTIONS yet, of 1 in the list/,
    },
  ];

  test("is given up in time, takes no call, and says why: one host for each reason", PATIENT, async () => {
    const everything = { Sid: "All", Effect: "Allow" as const, Action: ["*"], Resource: ["*"] };
    const options: Partial<CloudOptions> = {
      policy: { Version: "2012-10-17", Statement: [everything] },
      secrets: { "kam/db": databasePassword, "kam/wrong": "not the password" },
      instances: cases.map(({ title }, index) => ({
        id: instanceId(index),
        privateAddress: `10.0.0.${index + 101}`,
        ...(title === "no public address" ? {} : { publicAddress: publicAddress(index) }),
      })),
    };
    lab = await GroupLab.start(cases.length, options);
    // they boot at the same time, and slow each other down
    const launch_timeout = lab.patience(45);
    const given = launch_timeout * 1000 + PATIENCE;
    await Promise.all(
      cases.map(({ parts }, index) =>
        lab.boot(
          index,
          labFleet({ ...parts, group: { ...("group" in parts && parts.group), launch_timeout } }),
        ),
      ),
    );
    for (const [index, { title, reason }] of cases.entries()) {
      expect(await lab.cloud.untilCompleted(instanceId(index), launch, given), title).toBe("ABANDON");
      const host = lab.hosts.get(index);
      const told = await host?.until(/FAILED: this host did not become ready within \d+ s: /);
      expect(told, title).toMatch(reason);
      expect(await host?.isReady(), title).toBe(false);
      // then the group ends the host, which has nothing to drain
      expect(await lab.cloud.untilCompleted(instanceId(index), "sip-proxy-terminate"), title).toBe(
        "CONTINUE",
      );
      expect(host?.console.join("\n"), title).not.toMatch(/not the password|Passw0rd/);
    }
    const answered = await Promise.all(
      cases.map((_, index) => lab.calls(index, { timers: { giveUp: 2000 } })),
    );
    expect(answered.map(({ summary }) => summary.outcomes.ok)).toEqual(cases.map(() => 0));
  });
});

test("a reboot in the middle does not give it new time", PATIENT, async () => {
  lab = await GroupLab.start(1);
  const launch_timeout = lab.patience(30);
  const began = Date.now();
  const host = await lab.boot(0, labFleet({ ...recorderElsewhere, group: { launch_timeout } }));
  await host.until(/not ready: no recorder/);
  await pause(launch_timeout * 500);
  await host.reboot();
  const rebooted = Date.now();
  const slack = slackFromNow();
  const given = launch_timeout * 1000 + PATIENCE;
  expect(await lab.cloud.untilCompleted(instanceId(0), launch, given)).toBe("ABANDON");
  expect((Date.now() - began) / 1000).toBeGreaterThan(launch_timeout - 1);
  expect(Date.now() - rebooted).toBeLessThan(launch_timeout * 1000 + slack());
});
