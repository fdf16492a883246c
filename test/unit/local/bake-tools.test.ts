import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { debianPackages } from "../../../src/do/debian-packages.js";
import { packagesWith, type Tool } from "../../../src/do/local/tools.js";
import { bakeLocal } from "../../../src/targets/local/commands/bake.js";
import { bakeTools, chooseBuilder, requireBakeTools } from "../../../src/targets/local/do/bake-tools.js";
import { fleetOf } from "../../support/fleets.js";

// loaded modules stay for the next test file
vi.hoisted(() => vi.resetModules());
afterAll(() => vi.restoreAllMocks().resetModules());

const machine = vi.hoisted(() => ({ missing: [] as string[], kvmDevice: false }));

vi.mock("../../../src/do/local/tools.js", async (original) => ({
  ...(await original<object>()),
  missingTools: (tools: readonly Tool[]) =>
    Promise.resolve([...new Set(tools)].filter((tool) => machine.missing.includes(tool))),
  hasTool: (tool: string) => Promise.resolve(!machine.missing.includes(tool)),
}));
vi.mock("../../../src/do/local/accelerator.js", async (original) => ({
  ...(await original<object>()),
  hasKvmDevice: () => Promise.resolve(machine.kvmDevice),
}));

const { image } = fleetOf();
const qemu = "qemu-system-x86_64";

const setUp = (missing: string[], { kvmDevice = false, root = true } = {}) => {
  Object.assign(machine, { missing, kvmDevice });
  vi.spyOn(process, "getuid").mockReturnValue(root ? 0 : 1000);
};
beforeEach(() => setUp([]));

describe("a bake, before it begins", () => {
  const apt = "apt-get install --no-install-recommends";
  const orVm = "or bake in an emulated VM (slow): --builder vm";

  it.each([
    ["auto", ["slirp4netns", qemu], {}, "slirp4netns", `${apt} slirp4netns`],
    ["auto", ["slirp4netns"], {}, "slirp4netns", `${apt} slirp4netns; ${orVm}`],
    ["auto", ["slirp4netns", qemu], { kvmDevice: true }, "slirp4netns", `${apt} slirp4netns`],
    ["auto", ["qemu-img", "slirp4netns"], {}, "qemu-img, slirp4netns", `${apt} qemu-utils slirp4netns`],
    ["auto", [qemu], { root: false }, qemu, `${apt} qemu-system-x86`],
    ["vm", ["slirp4netns", qemu], {}, qemu, `${apt} qemu-system-x86`],
    ["container", ["qemu-img", qemu], {}, "qemu-img", `${apt} qemu-utils`],
  ] as const)("as %s, without %j (%j), names %s", async (wanted, missing, how, named, hint) => {
    setUp([...missing], how);
    await expect(requireBakeTools(wanted, image)).rejects.toMatchObject({
      message: `missing on this machine: ${named}`,
      hint,
    });
  });

  it.each([
    ["auto", [qemu], {}],
    ["auto", ["slirp4netns"], { kvmDevice: true }],
    ["auto", ["slirp4netns"], { root: false }],
    ["vm", ["slirp4netns", "systemd-nspawn"], {}],
    ["container", [qemu], {}],
  ] as const)("as %s, does without %j (%j)", async (wanted, missing, how) => {
    setUp([...missing], how);
    await requireBakeTools(wanted, image);
  });

  it("in a container needs root", async () => {
    setUp([], { root: false });
    await expect(requireBakeTools("container", image)).rejects.toThrow("requires root");
  });

  it("reports what its last step needs", async () => {
    setUp(["qemu-img"]);
    await expect(bakeLocal(fleetOf(), "/none/fleet.yaml")).rejects.toThrow(
      "missing on this machine: qemu-img",
    );
  });
});

describe("the builder", () => {
  it.each([
    ["auto", "kvm", [], true, "kvm"],
    ["auto", "tcg", [], true, "container"],
    ["auto", "kvm", ["genisoimage", "xorriso"], true, "container"],
    ["auto", "tcg", [], false, "tcg"],
    ["vm", "tcg", [], true, "tcg"],
    ["container", "kvm", [], true, "container"],
  ] as const)(
    "%s, accelerator %s, without %j, root: %s",
    async (wanted, accelerator, missing, root, chosen) => {
      setUp([...missing], { root });
      expect(await chooseBuilder(wanted, image, () => Promise.resolve(accelerator))).toBe(chosen);
    },
  );

  it("is never an emulated VM because a tool for the container is missing", async () => {
    setUp(["slirp4netns"], { kvmDevice: true });
    const choice = chooseBuilder("auto", image, () => Promise.resolve("tcg" as const));
    await expect(choice).rejects.toThrow("missing on this machine: slirp4netns");
  });
});

describe("the tools of a bake", () => {
  const own = fleetOf({ image: { base: { path: "mine.qcow2" } } }).image;

  it("are all in the packages that the demonstration installs", () => {
    const wanted = [image, own].flatMap((one) =>
      (["vm", "container"] as const).flatMap((builder) =>
        bakeTools(one, { builder, root: true, xorriso: false }),
      ),
    );
    const essential = ["apt", "tar", "util-linux"];
    const others = packagesWith(wanted).filter((name) => !essential.includes(name));
    expect(others.filter((name) => !(debianPackages.bake as readonly string[]).includes(name))).toEqual([]);
  });

  it("belong to the base, the sources and the user", () => {
    const of = (one: typeof image, root: boolean) =>
      bakeTools(one, { builder: "container", root, xorriso: true });
    expect(of(image, true)).toEqual(expect.arrayContaining(["mmdebstrap", "grub-mkimage", "slirp4netns"]));
    expect(of(own, true)).toEqual(expect.arrayContaining(["debugfs", "fallocate"]));
    expect(of(own, true)).not.toContain("grub-mkimage");
    expect(of(image, true)).not.toContain("newuidmap");
    expect(of(image, false)).toContain("newuidmap");
  });
});
