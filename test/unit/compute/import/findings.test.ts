import { describe, expect, test } from "vitest";
import { findingsText } from "../../../../src/compute/import/findings.js";
import { importInventory } from "../../../../src/compute/import/import.js";
import { inventoryOf } from "../../../../src/compute/import/inventory.js";
import { parseAnsibleJson } from "../../../../src/compute/import/values.js";

// Two proxies in one site and a third in another one, with Ansible's resolved values and the values of each group.

const address = (number: number) =>
  `"public_ip_address": "192.0.2.${number}", "private_ip_address": "10.0.0.${number}", "dbhost": "db", "dbpass_kam": "k", "dbpass_root": "r", "dbuser_root": "u"`;

function notesOf(variables: string, vars: Record<"sipproxy" | "lon", string>): string[] {
  const groups = (given: typeof vars) => `
    "sipproxy": { "hosts": ["p1", "p2", "p3"]${given.sipproxy} },
    "lon": { "hosts": ["p1", "p2"]${given.lon} },
    "recorder": { "hosts": ["r"] }`;
  const list = parseAnsibleJson(`{
    "_meta": { "hostvars": {
      "p1": { ${address(1)}, ${variables} }, "p2": { ${address(2)}, ${variables} }, "p3": { ${address(3)}, ${variables} },
      "r": { "private_ip_address": "10.0.1.1" }
    } }, ${groups({ sipproxy: "", lon: "" })} }`);
  const exported = parseAnsibleJson(`{ "_meta": { "hostvars": {} }, ${groups(vars)} }`);
  const { notes, problems } = importInventory(inventoryOf("hosts.ini", list, exported));
  expect(problems).toEqual([]);
  return findingsText(notes).split("\n");
}

const given = (text: string) => `, "vars": { ${text} }`;

describe("groups that give one variable different values", () => {
  test("are shown with their values side by side", () => {
    expect(
      notesOf(`"pike_reqs_density": 30`, {
        sipproxy: given(`"pike_reqs_density": 30`),
        lon: given(`"pike_reqs_density": "100"`),
      }),
    ).toContain(
      '- p1, p2: pike_reqs_density (group sipproxy, group lon): is 30 in sipproxy, "100" in lon; Ansible uses 30 (of groups that do not contain each other, the deeper one wins, then the last in the alphabet)',
    );
  });

  test.each([
    ["a password", "dbpass_kam", '"s3cret"', '"oth3r"'],
    ["a value from ansible-vault", "disp_alg", '{ "__ansible_vault": "s3cret" }', '"oth3r"'],
    ["a look-up", "disp_alg", '"9"', `"{{ lookup('env', 's3cret') }}"`],
  ])("%s is not shown", (_, variable, one, other) => {
    const notes = notesOf(`"disp_alg": "4"`, {
      sipproxy: given(`"${variable}": ${one}`),
      lon: given(`"${variable}": ${other}`),
    }).join("\n");
    expect(notes).toContain(
      `${variable} (group sipproxy, group lon): differs between the groups sipproxy and lon`,
    );
    expect(notes).not.toMatch(/s3cret|oth3r/);
  });
});

describe("a variable with several notes has one entry", () => {
  const said = {
    sipproxy: given(`"enable_debug": "yes"`),
    lon: given(`"enable_debug": "true"`),
  };

  test("with what concerns the same hosts, and others, below it", () => {
    const notes = notesOf(`"enable_debug": "true"`, said);
    const at = notes.findIndex((line) => line.startsWith("- enable_debug"));
    expect(notes.filter((line) => line.includes("enable_debug"))).toHaveLength(2); // the entry, and its hint
    expect(notes.slice(at, at + 4)).toMatchInlineSnapshot(`
      [
        "- enable_debug:",
        "    - p1, p2, p3 (group sipproxy, group lon): is the text "true", but the role tests for the boolean true: it was off with the role, and stays off with the fleet file",
        "        hint: to turn it on, set enable_debug: true",
        "    - p1, p2 (group sipproxy, group lon): is "yes" in sipproxy, "true" in lon; Ansible uses "true" (of groups that do not contain each other, the deeper one wins, then the last in the alphabet)",
      ]
    `);
  });
});
