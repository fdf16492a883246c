import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { waitsFor } from "../../../src/compute/launch/boot-words.js";
import { packageRoot } from "../../../src/do/assets.js";

const noGroup = "[  1.1] health[142]: sip-proxy: not in an autoscaling group";
const configured = "[  2.5] until-done[164]: sip-proxy: configured: private 10.0.0.1, public 198.51.100.10";
const configureDone = "[  OK  ] Finished sip-proxy-configure.servi… addresses, secrets, configuration.";
const waiting =
  "[  7.0] until-done[472]: sip-proxy: first boot: waiting for the database kamailio at 10.0.0.9:5432";
const again = '[  7.2] until-done[472]: sip-proxy: attempt 1 of "answers" failed, again in 0.1 s';

describe("what a booting host waits for", () => {
  it.each([
    ["nothing that a unit says that it does not need", [noGroup], undefined],
    [
      "the message of its current step",
      [configured, configureDone, waiting],
      /^first boot: waiting for the database/,
    ],
    ["the same while it is tried again", [waiting, again], /^first boot: waiting/],
    ["the same when other units report", [waiting, noGroup], /^first boot: waiting/],
    ["nothing that a step has reported that is done", [noGroup, configured, configureDone], undefined],
    [
      "the reason of a step that is started again",
      [
        "[  9.0] until-done[5]: sip-proxy: FAILED: no psql",
        "[  9.1] until-done[5]: sip-proxy: what to do: bake again",
        "[  9.2] until-done[4]: sip-proxy: database is started again in 2.0 s",
      ],
      /^FAILED: no psql$/,
    ],
    [
      "the result of the self-test",
      ["[  9.0] until-done[6]: sip-proxy: not ready: Kamailio does not answer on its FIFO"],
      /^Kamailio does not answer/,
    ],
    [
      "user-data",
      ["[  9.0] await-host[7]: sip-proxy: FAILED: this machine has no user-data of a fleet"],
      /^FAILED: this machine/,
    ],
  ])("is %s", (_, lines, expected) => {
    const words = waitsFor(lines);
    if (expected === undefined) expect(words).toBeUndefined();
    else expect(words).toMatch(expected);
  });

  it("is no longer the message of a boot step that systemd reports as finished", () => {
    const units = join(packageRoot, "cloud-init/rootfs/etc/systemd/system");
    const steps = readdirSync(units)
      .filter((name) => name.endsWith(".service"))
      .filter((name) => readFileSync(join(units, name), "utf8").includes("/until-done "));
    expect(steps).not.toEqual([]);
    for (const step of steps) expect(waitsFor([waiting, `[  OK  ] Finished ${step}`])).toBeUndefined();
  });
});
