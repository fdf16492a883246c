import { expect, test } from "vitest";
import { groupContract, hostContract } from "../../src/compute/host/contract.js";
import { readAsset, readAssets } from "../../src/do/assets.js";

const scripts = "cloud-init/rootfs/usr/lib/sip-proxy";
const defaults = readAsset(`${scripts}/host-defaults.sh`);
const host = readAssets(scripts)
  .filter(({ path }) => path !== "host-defaults.sh")
  .map(({ content }) => String(content))
  .join("\n")
  // without parameters of Auto Scaling that contain the dimension's name
  .replaceAll(/"AutoScalingGroupNames?(\.member\.1)?=\$GROUP"/g, "");

/** Constants of release 0.1.0, whose host.env does not have them. The defaults must stay, even if later releases change these names. */
const former = {
  DATABASE_LOCK: "1397313616",
  LAUNCH_HOOK: "sip-proxy-launch",
  TERMINATE_HOOK: "sip-proxy-terminate",
  POOL_TAG: "sip-proxy:elastic-ip-pool",
  METRIC_NAMESPACE: "SipProxy",
  METRIC_NAME: "ActiveCalls",
  METRIC_DIMENSION: "AutoScalingGroupName",
};

test.each(Object.entries(former))("a host of release 0.1.0 has %s=%s", (name, value) => {
  expect(defaults).toContain(`\n${name}=${value}\n`);
});

test.each(Object.entries({ ...hostContract, ...groupContract }))(
  "%s is read on the host, has a default for former releases, and stands nowhere else",
  (name, value) => {
    expect(host).toMatch(new RegExp(`\\$${name}\\b`));
    expect(defaults).toMatch(new RegExp(`^${name}=`, "m"));
    expect(host).not.toContain(String(value));
  },
);
