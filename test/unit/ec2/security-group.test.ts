import { expect, test } from "vitest";
import { ingressRules } from "../../../src/targets/ec2/compute/security-group.js";
import { fleetOf } from "../../support/fleets.js";

const udp = { private_ip_address: "10.0.0.3", siprec_protocol: "udp" };
const tls = { private_ip_address: "10.0.0.4", siprec_protocol: "tls" };
const trusted = ["203.0.113.0/24"];
const certificate = { tls_certificate: "${file:/c.pem}", tls_private_key: "${file:/k.pem}" };

/** Networks that may reach a TCP port. */
const open = (parts: Parameters<typeof fleetOf>[0], port: number) =>
  ingressRules(fleetOf(parts))
    .filter(({ protocol, from }) => protocol === "tcp" && from === port)
    .map(({ network }) => network);

test("http_port is open to http_allow, where something serves it, and never to loopback's networks", () => {
  const settings = { trusted, http_allow: ["127.0.0.1/32", "10.9.0.0/16"] };
  expect(open({ settings: { ...settings, enable_metrics: true } }, 8090)).toEqual(["10.9.0.0/16"]);
  expect(open({ settings: { ...settings, enable_jsonrpc: true, http_port: 8099 } }, 8099)).toEqual([
    "10.9.0.0/16",
  ]);
  expect(open({ settings }, 8090)).toEqual([]);
  expect(open({ settings: { trusted, enable_metrics: true } }, 8090)).toEqual([]);
});

test("sip_private_tls_port is open to the recorders over TLS alone, or to the networks that are given for recorders", () => {
  const settings = { trusted, enable_tls: true, ...certificate };
  const recorders = { recorder0: udp, recorder1: tls };
  expect(open({ settings, recorders }, 5071)).toEqual(["10.0.0.4/32"]);
  expect(open({ settings, recorders: { recorder0: udp } }, 5071)).toEqual([]);
  const launch = { ec2: { recorder_networks: ["10.0.0.0/28"] } };
  expect(open({ settings, recorders, launch }, 5071)).toEqual(["10.0.0.0/28"]);
  expect(open({ settings, recorders: { recorder0: udp }, launch }, 5071)).toEqual([]);
});

test("SSH is open to the networks that are named for it, and to nobody else", () => {
  const settings = { trusted, host_firewall: true, ssh_networks: ["10.8.0.0/24"] };
  expect(open({ settings }, 22)).toEqual(["10.8.0.0/24"]);
  expect(open({ settings: { trusted, host_firewall: true } }, 22)).toEqual([]);
});
