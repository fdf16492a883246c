import { describe, expect, it } from "vitest";
import { layeredTree } from "../../../src/compute/local/tree.js";
import { projectSuite } from "../../../src/compute/image/kamailio-origin.js";
import { builderArgv, builderSeed, inBuilderNetwork, slirpArgv } from "../../../src/compute/local/builder.js";

const builder = {
  id: "sip-proxy-bake-7",
  tree: layeredTree("/cache/tree", "/bake/changes"),
  seed: "/bake/seed",
  resolver: "/a:b/resolver.conf",
  pidfile: "/bake/pid",
};

describe("a builder that is a container", () => {
  const argv = builderArgv(builder, false);
  const at = (word: string) => argv.indexOf(word);

  it("ends with the bake, and takes its mounts and its network with it", () => {
    expect(argv.slice(at("unshare"), at("unshare") + 5)).toEqual([
      "unshare",
      "--net",
      "setpriv",
      "--pdeathsig",
      "KILL",
    ]);
    expect(at("--kill-child")).toBeGreaterThan(at("--net"));
    expect(at("systemd-nspawn")).toBeGreaterThan(at("--kill-child"));
  });

  it("gets nothing of this machine but the file that names its DNS server", () => {
    expect(argv.filter((word) => word.startsWith("--bind"))).toEqual([
      "--bind-ro=/a\\:b/resolver.conf:/run/systemd/resolved.conf.d/builder.conf",
    ]);
    expect(argv).toEqual(
      expect.arrayContaining(["--resolv-conf=off", "--timezone=off", "--link-journal=no", "--settings=no"]),
    );
  });

  it("reaches outside, and not this machine's own services", () => {
    expect(slirpArgv(42)).toEqual(
      expect.arrayContaining(["--disable-host-loopback", "/proc/42/ns/net", "--pdeathsig"]),
    );
    expect(inBuilderNetwork(42, ["packer"])).toEqual(["nsenter", "--net=/proc/42/ns/net", "--", "packer"]);
  });

  it("leaves its network as it finds it, and lets the key in", () => {
    const seed = builderSeed({ instanceId: "i", hostname: "builder", publicKeys: ["ssh-ed25519 A"] });
    expect(JSON.parse(String(seed["network-config"]))).toEqual({ network: { config: "disabled" } });
    expect(JSON.parse(String(seed["meta-data"]))).toMatchObject({ "public-keys": ["ssh-ed25519 A"] });
  });
});

describe("the archive of the Kamailio project", () => {
  it("is asked for its state where Kamailio comes from it", () => {
    expect(projectSuite("6.1", "trixie")).toEqual({
      mirror: "http://deb.kamailio.org/kamailio61",
      name: "trixie",
      required: true,
    });
    expect(projectSuite("distro", "trixie")).toBeUndefined();
    expect(projectSuite("git:5.5", "trixie")).toBeUndefined();
  });
});
