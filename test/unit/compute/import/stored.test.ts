import { readdirSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findingText } from "../../../../src/compute/import/findings.js";
import { importInventory } from "../../../../src/compute/import/import.js";
import { inventoryOf, limited } from "../../../../src/compute/import/inventory.js";
import { parseAnsibleJson, type Value } from "../../../../src/compute/import/values.js";
import { meaningOf } from "../../../support/imported.js";

// Stored outputs of `ansible-inventory --list` for the inventories, and short lists. The tools tier runs Ansible itself.

const folder = join(import.meta.dirname, "../../../inventories");
const stored = readdirSync(folder).filter((name) => existsSync(join(folder, name, "ansible.json")));
const imported = (list: Value) => importInventory(inventoryOf("hosts.ini", list));
const inventory = (proxy: string, recorder = '"private_ip_address": "10.0.1.1"', more = "") =>
  parseAnsibleJson(`{
    "_meta": { "hostvars": {
      "p": { "dbhost": "db.example.com", "dbpass_root": "r", "dbpass_kam": "k", "public_ip_address": "192.0.2.1", "private_ip_address": "10.0.0.1"${proxy} },
      "r": { ${recorder} }${more}
    } },
    "all": { "children": ["sipproxy", "recorder"] },
    "sipproxy": { "hosts": ["p"] }, "recorder": { "hosts": ["r"] }
  }`);
const notesOf = (list: Value) => imported(list).notes.map(findingText).join("\n");
const problemsOf = (list: Value) => imported(list).problems.map(findingText);

test.each(stored.filter((name) => name !== "17-refuse"))("%s", (name) => {
  const list = parseAnsibleJson(readFileSync(join(folder, name, "ansible.json"), "utf8"));
  const { text, problems } = imported(list);
  expect(problems).toEqual([]);
  expect(meaningOf(text)).toEqual(meaningOf(readFileSync(join(folder, name, "expected.yaml"), "utf8")));
});

test("a fleet file is written as a person would", () => {
  const list = parseAnsibleJson(readFileSync(join(folder, "10-two-sites/ansible.json"), "utf8"));
  expect(
    imported(list)
      .text.split("\n")
      .filter((line) => !line.startsWith("#")),
  ).toMatchInlineSnapshot(`
    [
      "fleet: import # rename it before the first image is baked",
      "",
      "image:",
      "  media_relay: rtpproxy",
      "",
      "database:",
      "  dbhost: pg.example.com",
      "  dbpass_kam: s3cret-kam",
      "  dbuser_root: postgres",
      "  dbpass_root: s3cret",
      "",
      "settings:",
      "  host_firewall: true # closes all ports but those of SIP, RTP and SSH",
      "  pike_reqs_density: 100",
      "",
      "proxies:",
      "  lon-sip1: { public_ip_address: 203.0.113.201, private_ip_address: 10.11.0.1 }",
      "  lon-sip2: { public_ip_address: 203.0.113.202, private_ip_address: 10.11.0.2 }",
      "  fra-sip1: { public_ip_address: 203.0.113.211, private_ip_address: 10.12.0.1, disp_set: [ 2, 1 ] }",
      "",
      "recorders:",
      "  lon-rec1: { private_ip_address: 10.11.1.1, siprec_port: 5060 }",
      "  lon-rec2: { private_ip_address: 10.11.1.2, siprec_port: 5060 }",
      "  fra-rec1: { private_ip_address: 10.12.1.1, siprec_protocol: udp, siprec_set: 2 }",
      "",
    ]
  `);
});

test("all that cannot be taken over is named, each with its host, its variable and the way out", () => {
  const list = parseAnsibleJson(readFileSync(join(folder, "17-refuse/ansible.json"), "utf8"));
  const found = imported(list);
  expect(found.problems.map(({ hosts, variable }) => [...hosts, variable].join(" "))).toEqual(
    expect.arrayContaining([
      "miarec dbhost",
      "miarec private_ip_address",
      "rec3 private_ip_address",
      "rec4 private_ip_address",
    ]),
  );
  expect(found.problems.flatMap(({ hosts }) => [...hosts])).not.toContain("rec2");
  expect(found.text).toContain("rec2: { private_ip_address: rec2.internal.example.org }");
});

describe("numbers stay what Ansible writes", () => {
  test.each([
    ["1000000.0", "1000000.0"],
    ["12345678901234567890", "12345678901234567890"],
    ["1e-07", "1e-07"],
    ["-3", "-3"],
  ])("%s", (number, text) => {
    const { text: file, notes } = imported(inventory(`, "dbpass_kam": ${number}`));
    expect(file).toContain(`dbpass_kam: '${text}'`);
    expect(notes.map(findingText).join()).toContain("is a number for Ansible");
  });
});

describe("flags", () => {
  test.each([
    ["enable_debug", '"true"', undefined, "it was off with the role, and stays off"],
    ["enable_debug", '"Yes"', undefined, "it was off with the role, and stays off"],
    ["enable_debug", "true", "enable_debug: true", "is on: Kamailio logs every step"],
    ["enable_debug", "1", "enable_debug: true", "is on: Kamailio logs every step"],
    ["enable_debug", '"no"', undefined, undefined],
    ["debug_level", "3", "debug_level: 3", "is 3: a call takes about four times as much CPU time"],
    ["enable_jsonrpc", '"true"', "enable_jsonrpc: true", "it was off with the role, and is on"],
    ["enable_anitflood", '"no"', "enable_antiflood: false", undefined],
    ["enable_anitflood", '"true"', undefined, "it was off with the role"],
    ["enable_antiflood", "false", "enable_antiflood: false", "it had no effect with the role"],
    ["log_stderror", '"yes"', "log_stderror: true", undefined],
  ])("%s: %s", (name, value, line, said) => {
    const list = inventory(`, "${name}": ${value}`);
    if (line === undefined) expect(imported(list).text).not.toMatch(new RegExp(`^  ${name}`, "m"));
    else expect(imported(list).text).toContain(line);
    if (said === undefined) expect(notesOf(list)).not.toContain(name);
    else expect(notesOf(list)).toContain(said);
  });
});

describe("passwords", () => {
  const secrets = [
    ['{ "__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256 3132" }', "${env:DBPASS_KAM}"],
    [`"{{ lookup('env', 'KAM') }}"`, "${env:KAM}"],
    [`"{{ lookup('file', '/run/kam') }}"`, "${file:/run/kam}"],
    [`"{{ lookup('file', 'kam') }}"`, "${env:DBPASS_KAM}"],
    [`"{{ lookup('amazon.aws.aws_ssm', '/sip/kam') }}"`, "${ssm:/sip/kam}"],
    [`"{{ lookup('community.hashi_vault.hashi_vault', 'secret=x') }}"`, "${env:DBPASS_KAM}"],
    [`"{{ held }}", "held": "{{ query('pipe', 'echo x') }}"`, "${env:DBPASS_KAM}"],
    ['"${env:LITERAL}"', "${env:DBPASS_KAM}"],
  ] as const;
  test.each(secrets)("%s", (value, reference) => {
    const { text, notes } = imported(inventory(`, "dbpass_kam": ${value}`));
    expect(text.replaceAll("'", "")).toContain(`dbpass_kam: ${reference}\n`);
    expect(notes.map(findingText).join("\n")).not.toContain("lookup(");
  });

  test.each(["a#b", "it's", 'say "x"', "a: b", "\\\\d{3}", "0123", "yes", " x ", "päss", "!vault", "*a"])(
    "%s stays",
    (password) => {
      const { text, problems } = imported(
        inventory(`, "dbpass_kam": ${JSON.stringify(password.replace("\\\\", "\\"))}`),
      );
      expect(problems).toEqual([]);
      expect(meaningOf(text)).toMatchObject({
        database: { dbpass_kam: { from: "literal", value: password.replace("\\\\", "\\") } },
      });
    },
  );

  test("what a password is, is never told", () => {
    const { notes, problems } = imported(inventory(', "dbpass_kam": "s3cr3t\\nx", "dbrootpass": "oth3r"'));
    expect(problems.map(({ message }) => message).join()).toContain("one line");
    expect([...notes, ...problems].map(findingText).join()).not.toMatch(/s3cr3t|oth3r/);
  });
});

test.each([
  ['"siprec_protocol": "sctp"', "siprec_protocol"],
  ['"siprec_port": 70000', "siprec_port"],
  ['"siprec_attrs": "weight"', "siprec_attrs"],
  ['"siprec_set": 3', "siprec_set"],
])("a recorder's %s is refused by name", (variable, name) => {
  const [problem = ""] = problemsOf(inventory("", `"private_ip_address": "10.0.1.1", ${variable}`));
  expect(problem).toMatch(new RegExp(`^- r: ${name}: `));
});

test("two databases are two fleets", () => {
  const list = parseAnsibleJson(`{
    "_meta": { "hostvars": {
      "p1": { "dbhost": "db1", "dbpass_kam": "a", "public_ip_address": "192.0.2.1", "private_ip_address": "10.0.0.1" },
      "p2": { "dbhost": "db2", "dbpass_kam": "b", "public_ip_address": "192.0.2.2", "private_ip_address": "10.0.0.2" },
      "r1": { "private_ip_address": "10.0.1.1" }, "r2": { "private_ip_address": "10.0.1.2" }
    } },
    "sipproxy": { "hosts": ["p1", "p2"] }, "recorder": { "hosts": ["r1", "r2"] },
    "one": { "hosts": ["p1", "r1"] }
  }`);
  expect(problemsOf(list).join("\n")).toMatch(/dbhost.*differs between[\s\S]*--limit GROUP[\s\S]*dbpass_kam/);
  const { text, problems } = importInventory(limited(inventoryOf("x", list), "one"));
  expect(problems).toEqual([]);
  expect(text).toContain("dbhost: db1");
  expect(() => limited(inventoryOf("x", list), "two")).toThrow("no group two");
});

test("groups with other names are asked for, or named", () => {
  const list = parseAnsibleJson(`{
    "_meta": { "hostvars": {
      "p": { "dbhost": "db", "public_ip_address": "192.0.2.1", "private_ip_address": "10.0.0.1" },
      "r": { "private_ip_address": "10.0.1.1" } } },
    "kamailio": { "hosts": ["p"] }, "tapes": { "hosts": ["r"] }
  }`);
  expect(problemsOf(list).join("\n")).toMatch(/--proxies GROUP.*kamailio, tapes[\s\S]*--recorders GROUP/);
  const { problems, text } = importInventory(inventoryOf("x", list), {
    proxies: "kamailio",
    recorders: "tapes",
  });
  expect(problems).toEqual([]);
  expect(text).toContain("r: { private_ip_address: 10.0.1.1 }");
});

test("hosts that are in no group are told with the way out", () => {
  const list = parseAnsibleJson(
    `{ "_meta": { "hostvars": { "p": {}, "r": {} } }, "all": { "children": ["ungrouped"] }, "ungrouped": { "hosts": [] } }`,
  );
  expect(imported(list).problems.map(({ hint }) => hint)).toEqual([
    "put the proxies into a group of the inventory, and specify it with --proxies GROUP",
    "put the recorders into a group of the inventory, and specify it with --recorders GROUP",
  ]);
});
