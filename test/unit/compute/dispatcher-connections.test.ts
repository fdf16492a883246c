import { expect, test } from "vitest";
import { shortage } from "../../../src/compute/dispatcher/connections.js";
import { fleetOf } from "../../support/fleets.js";

const group = { name: "proxies", subnets: ["subnet-0aaaaaaaaaaaaaaaa"], min: 1, max: 99 };
const fleet = (more: object = {}) => fleetOf({ group, launch: { ec2: { region: "eu-west-1" } }, ...more });

test("every host, and every instance that a group may have, keeps one of half the connections", () => {
  expect(shortage(fleet(), 200)).toBeUndefined();
  expect(shortage(fleet(), 199)).toContain(
    "hosts keep at most 99 of its 199 connections, and the fleet has up to 100 hosts",
  );
  expect(shortage(fleetOf(), 2)).toBeUndefined();
  expect(shortage(fleetOf(), 1)).toContain("keep at most 0");
});

test("nothing is said of a pooler", () => {
  expect(shortage(fleet())).toBeUndefined();
});
