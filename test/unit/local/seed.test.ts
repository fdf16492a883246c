import { describe, expect, it } from "vitest";
import { networkConfig, seedFiles, seedIsoArgv, type Seed } from "../../../src/compute/local/seed.js";

const seed: Seed = {
  metaData: { instanceId: "i-1", hostname: "sipproxy0", publicKeys: ["ssh-ed25519 AAAA test"] },
  userData: "#cloud-config\n{}\n",
  network: [{ mac: "52:54:00:12:34:56" }],
};

describe("the NoCloud seed", () => {
  it("has the three files that cloud-init reads", () => {
    const files = seedFiles(seed);
    expect(Object.keys(files)).toEqual(["meta-data", "network-config", "user-data"]);
    expect(files["user-data"]).toBe("#cloud-config\n{}\n");
    expect(JSON.parse(String(files["meta-data"]))).toEqual({
      "instance-id": "i-1",
      "local-hostname": "sipproxy0",
      "public-keys": ["ssh-ed25519 AAAA test"],
    });
  });

  it("quotes MAC addresses: unquoted, this one is a number to a YAML 1.1 reader", () => {
    expect(seedFiles(seed)["network-config"]).toContain('"macaddress": "52:54:00:12:34:56"');
  });

  it("passes compressed user-data on as it is", () => {
    const userData = new Uint8Array([0x1f, 0x8b, 0x08]);
    expect(seedFiles({ ...seed, userData })["user-data"]).toBe(userData);
  });

  it("is made by either program with the same arguments", () => {
    const [xorriso, genisoimage] = (["xorriso", "genisoimage"] as const).map((name) =>
      seedIsoArgv(name, "/d", "/i"),
    );
    expect(xorriso).toEqual(["xorriso", "-as", ...(genisoimage ?? [])]);
    expect(genisoimage?.join(" ")).toBe("genisoimage -quiet -output /i -volid cidata -joliet -rock /d");
  });
});

describe("the network configuration", () => {
  it("asks for an address by DHCP when none is given", () => {
    expect(networkConfig([{ mac: "52:54:00:00:00:01" }])).toEqual({
      version: 2,
      ethernets: { nic0: { match: { macaddress: "52:54:00:00:00:01" }, dhcp4: true } },
    });
  });

  it("sets addresses, the default route, other routes and name servers", () => {
    const nic = {
      mac: "52:54:00:00:00:02",
      addresses: ["10.0.0.2/24", "10.0.0.3/24"],
      gateway: "10.0.0.1",
      nameservers: ["9.9.9.9"],
      routes: [{ to: "192.168.0.0/16", via: "10.0.0.254" }],
    };
    expect(networkConfig([{ mac: "52:54:00:00:00:01" }, nic]).ethernets).toHaveProperty("nic1", {
      match: { macaddress: "52:54:00:00:00:02" },
      dhcp4: false,
      addresses: ["10.0.0.2/24", "10.0.0.3/24"],
      routes: [
        { to: "0.0.0.0/0", via: "10.0.0.1" },
        { to: "192.168.0.0/16", via: "10.0.0.254" },
      ],
      nameservers: { addresses: ["9.9.9.9"] },
    });
  });

  it("writes an IPv6 gateway as IPv6's default route", () => {
    const config = networkConfig([{ mac: "m", addresses: ["2001:db8::2/64"], gateway: "2001:db8::1" }]);
    expect(JSON.stringify(config)).toContain('{"to":"::/0","via":"2001:db8::1"}');
  });
});
