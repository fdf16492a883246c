import { expect, test } from "vitest";
import { amiParameter, amiParameters } from "../../../src/targets/ec2/compute/names.js";
import { ec2PackerBuilder } from "../../../src/targets/ec2/compute/packer-source.js";
import { prunePlan, type Prunable } from "../../../src/targets/ec2/compute/prune/plan.js";
import { localPackerBuilder } from "../../../src/targets/local/compute/packer-source.js";
import { fleetOf } from "../../support/fleets.js";

const fleetFor = (image: object, launch: object = {}) =>
  fleetOf({ image: { targets: { ec2: { region: "eu-west-1" } }, ...image }, launch });
const arm64 = fleetFor({ architecture: "arm64" });
const amd64 = fleetFor({});

interface Source {
  ami_name: string;
  instance_type: string;
  source_ami_filter: { filters: Record<string, string> };
}
const source = (fleet: typeof arm64) => ec2PackerBuilder(fleet, "1.6")?.source as Source;

test("base AMI, builder, hosts and names follow the one setting; those of amd64 are what they were", () => {
  expect(source(arm64)).toMatchObject({
    instance_type: "c7g.large",
    source_ami_filter: { filters: { name: "debian-13-arm64-*", architecture: "arm64" } },
  });
  expect(source(arm64).ami_name).toMatch(/^sip-proxy-\w+-arm64-\{\{isotime/);
  expect(source(amd64)).toMatchObject({
    instance_type: "c7i.large",
    source_ami_filter: { filters: { name: "debian-13-amd64-*", architecture: "x86_64" } },
  });
  expect(source(amd64).ami_name).toMatch(/^sip-proxy-\w+-\{\{isotime/);
  const typeOf = (fleet: typeof arm64) => fleet.launch.ec2.instance_type;
  expect([typeOf(arm64), typeOf(amd64)]).toEqual(["c7g.large", "c7i.large"]);
  const given = fleetFor({ architecture: "arm64" }, { ec2: { instance_type: "m7g.xlarge" } });
  expect(typeOf(given)).toBe("m7g.xlarge");
  expect([localPackerBuilder(arm64), localPackerBuilder(amd64)?.type]).toEqual([undefined, "qemu"]);
});

test("each architecture has its own parameter, unless the fleet names one", () => {
  const own = `/sip-proxy/${arm64.name}/ami`;
  expect([amiParameter(amd64), amiParameter(arm64)]).toEqual([own, `${own}-arm64`]);
  expect(amiParameters(arm64).sort()).toEqual([own, `${own}-arm64`]);
  const ec2 = { region: "eu-west-1", ami_parameter: "/voice/ami" };
  const named = fleetFor({ architecture: "arm64", targets: { ec2 } });
  expect(amiParameter(named)).toBe("/voice/ami");
  expect(amiParameters(named).sort()).toEqual([own, `${own}-arm64`, "/voice/ami"]);
});

test("the newest of each architecture stay", () => {
  const ami = (id: string, architecture: string, day: number): Prunable => ({
    ...{ id, architecture, key: "k", baked: "", state: "available", protection: undefined, snapshots: [] },
    created: `2026-11-0${day}T00:00:00.000Z`,
    tags: { "sip-proxy:fleet": "f", "sip-proxy:key": "k" },
  });
  const amis = [ami("a1", "amd64", 1), ami("a2", "amd64", 2), ami("b3", "arm64", 3), ami("b4", "arm64", 4)];
  const nothing = { snapshots: [], usage: new Map(), superseded: [], others: new Set<string>() };
  const plan = prunePlan({ fleet: "f", amis, ...nothing }, 1);
  expect(plan.keep.map(({ id }) => id).sort()).toEqual(["a2", "b4"]);
  expect(plan.delete.map(({ id }) => id).sort()).toEqual(["a1", "b3"]);
});
