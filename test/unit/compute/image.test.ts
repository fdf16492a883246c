import { describe, expect, test } from "vitest";
import { buildFolder } from "../../../src/compute/image/build-folder.js";
import { kamailioOrigin } from "../../../src/compute/image/kamailio-origin.js";
import { dialectOf } from "../../../src/compute/image/packer-dialect.js";
import { pinnedSources } from "../../../src/compute/image/pinned-sources.js";
import { imageSources } from "../../../src/do/assets.js";
import { linesThatMatter } from "../../../src/do/bake/packer.js";
import { fleetOf } from "../../support/fleets.js";

describe("kamailio_version", () => {
  test.each([
    ["distro", "distro", ""],
    ["6.1", "apt", "6.1"],
    ["5.5", "source", "5.5"],
    ["5.8.4", "source", "5.8.4"],
    ["apt:5.7", "apt", "5.7"],
    ["git:master", "source", "master"],
  ])("%s comes from %s", (given, from, version) => expect(kamailioOrigin(given)).toEqual({ from, version }));
});

describe("sources", () => {
  test("RTPProxy is pinned to the commit of its release", () => {
    expect(pinnedSources(fleetOf().image)).toEqual({
      rtpproxy: {
        git: "https://github.com/sippy/rtpproxy.git",
        commit: "b26b09b32481e4cb6350075a73784bc1a2503ca0",
      },
    });
  });

  test("an image of packages needs none", () => {
    expect(pinnedSources(fleetOf({ image: { media_relay: "rtpengine" } }).image)).toEqual({});
  });
});

describe("Packer's dialects", () => {
  test.each([
    ["Packer v1.6.6", "1.6"],
    ["1.5.6", "1.6"],
    ["Packer v1.7.0", "current"],
    ["Packer v1.14.2", "current"],
    ["Packer v2.0.0", "current"],
  ])("%s reads %s", (version, dialect) => expect(dialectOf(version)).toBe(dialect));

  const template = (dialect: "1.6" | "current") => {
    const fleet = fleetOf({
      image: { targets: { ec2: { region: "eu-west-1", tags: { note: "${x} %{y}" } } } },
    });
    const file = buildFolder(fleet, imageSources(), dialect).find(
      ({ path }) => path === "sip-proxy.pkr.json",
    );
    return JSON.parse(String(file?.content)) as {
      source: { "amazon-ebs": { ec2: Record<string, unknown> } };
    };
  };

  test("only the current one has what 1.6 refuses", () => {
    expect(template("1.6").source["amazon-ebs"].ec2).not.toHaveProperty("imds_support");
    expect(template("current").source["amazon-ebs"].ec2).toMatchObject({
      imds_support: "v2.0",
      metadata_options: { http_tokens: "required" },
    });
  });

  test("a builder that its bake has left ends itself, by a timer that verify looks for in the image", () => {
    const { shutdown_behavior: end, user_data: data } = template("1.6").source["amazon-ebs"].ec2;
    expect(end).toBe("terminate");
    expect(data).toMatch(/^#!\/bin\/sh\nexec systemd-run --unit=[\w-]+ --on-active=6h systemctl poweroff\n$/);
    const unit = /--unit=([\w-]+)/.exec(String(data))?.[1] ?? "";
    const verify = imageSources().packer.find(({ path }) => path === "verify.sh");
    expect(String(verify?.content)).toContain(`find / -xdev -name '${unit}*'`);
  });

  test("text from the fleet file is no HCL template", () => {
    expect(template("1.6").source["amazon-ebs"].ec2["tags"]).toMatchObject({ note: "$${x} %%{y}" });
  });
});

describe("a failed bake's log", () => {
  test("the scripts' own verdicts are all that matters", () => {
    const log = [
      "==> qemu.local: BAKE FAILED: verify: SSH host keys are left",
      "==> qemu.local: BAKE FAILED: verify: gcc is left",
      "noise",
    ];
    expect(linesThatMatter(log)).toEqual([
      "BAKE FAILED: verify: SSH host keys are left",
      "BAKE FAILED: verify: gcc is left",
    ]);
  });

  test("what a program said before the script's verdict is told too, of that step alone", () => {
    const log = [
      "    qemu.local: == installing Kamailio",
      "    qemu.local: Setting up kamailio",
      "    qemu.local: == installing further packages",
      ...Array.from({ length: 9 }, (_, index) => `    qemu.local: Get:${index} http://deb.example`),
      "==> qemu.local: E: Unable to locate package nosuch",
      "==> qemu.local: BAKE FAILED: image.packages: apt cannot install nosuch",
    ];
    const matter = linesThatMatter(log);
    expect(matter.slice(-2)).toEqual([
      "E: Unable to locate package nosuch",
      "BAKE FAILED: image.packages: apt cannot install nosuch",
    ]);
    expect(matter).toHaveLength(7);
    expect(matter.join()).not.toContain("Setting up");
  });

  test("without one, apt's errors and the lines before the end", () => {
    const log = [
      ...Array.from({ length: 50 }, (_, index) => `    qemu.local: line ${index}`),
      "==> qemu.local: E: Unable to locate package kamailio",
      "==> qemu.local: Provisioning step had errors: Running the cleanup provisioner, if present...",
      "==> qemu.local: Deleting output directory...",
    ];
    const matter = linesThatMatter(log);
    expect(matter).toContain("E: Unable to locate package kamailio");
    expect(matter).not.toContain("line 3");
    expect(matter.length).toBeLessThan(20);
  });
});
