import { expect, test } from "vitest";
import { understand } from "../../../src/understand/understand.js";

/** Understands a fleet file with these additional lines. */
function fleetWith(lines: string) {
  const text = `fleet: numbers
settings: { trusted: 203.0.113.0/24 }
proxies: { one: { public_ip_address: 198.51.100.10, private_ip_address: 10.0.0.1 } }
recorders: { rec: { private_ip_address: 10.0.0.3 } }
${lines}`;
  const { fleet, faults } = understand(text, "fleet.yaml");
  expect(faults.filter(({ severity }) => severity !== "warning")).toEqual([]);
  return fleet!;
}

const database = "database: { dbhost: db.example.com }";

test.each(["5.10", "6.0", "5.1"])("Kamailio %s without quotes is that version", (version) => {
  expect(fleetWith(`${database}\nimage: { kamailio_version: ${version} }`).image.kamailio_version).toBe(
    version,
  );
});

test.each(["0123456", "1e6", "1.50", "+49", "0x1f", "0o17", "12345678901234567890123", "-0", ".5", ".inf"])(
  "a password %s without quotes is what is written",
  (password) => {
    const { dbpass_kam } = fleetWith(
      `database: { dbhost: db.example.com, dbpass_kam: ${password} }`,
    ).database;
    expect(dbpass_kam?.source).toEqual({ from: "literal", value: password });
  },
);

test("a tag and an account keep their digits", () => {
  const { ec2 } = fleetWith(
    `${database}\nimage: { targets: { ec2: { region: eu-west-1, tags: { release: 1.10 }, encrypt_boot: false, ami_users: [012345678901] } } }`,
  ).image.targets;
  expect(ec2).toMatchObject({ tags: { release: "1.10" }, ami_users: ["012345678901"] });
});

test.each([
  ["05080", 5080],
  ["0x13d8", 5080],
  ["0o11730", 5080],
  ["5080.0", 5080],
  ["5e3", 5000],
  ["+5080", 5080],
])("a port may be written as %s", (written, port) => {
  expect(
    fleetWith(`${database}\ngroup: { name: g, subnets: [], sip_udp_port: ${written} }`).hosts.at(-1)?.settings
      .sip_udp_port,
  ).toBe(port);
});

test.each(["0644", "644", '"0644"'])("a file's mode may be written as %s", (mode) => {
  const { files } = fleetWith(
    `${database}\nimage: { files: { /etc/x: { content: x, mode: ${mode} } } }`,
  ).image;
  expect(Number.parseInt(files?.["/etc/x"]?.mode ?? "", 8)).toBe(0o644);
});
