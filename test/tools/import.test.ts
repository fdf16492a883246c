import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";
import { meaningOf } from "../support/imported.js";

// Inventories of the Ansible role, read by Ansible itself. Each folder of test/inventories has the fleet file that a person would write.

const folder = mkdtempSync(join(tmpdir(), "import-"));
afterAll(() => rmSync(folder, { recursive: true }));

const inventories = join(packageRoot, "test/inventories");
const program = join(packageRoot, "dist/sip-proxy.js");
const sipProxy = (argv: readonly string[], extra: { input?: string; env?: Record<string, string> } = {}) =>
  attempt({ argv: [process.execPath, program, ...argv], cwd: inventories, timeout: 240_000, ...extra });

const cases: readonly (readonly [name: string, argv: string, said: readonly RegExp[]])[] = [
  [
    "01-readme-wrong-names",
    "hosts.ini",
    [
      /edge0, edge1: dbrootpass \(group sipproxy, hosts.ini:17\): is not a variable of the role, which reads dbpass_root/,
      /enable_NAT_keepalive [^]*reads enable_nat_keepalive/,
      /enable_debug \(group sipproxy, hosts.ini:18\): is the text "true"/,
      /dbuser_root: is not set/,
      /dbpass_kam: is not set/,
      /75:25/,
      /trusted/,
    ],
  ],
  [
    "02-older-names",
    "hosts.ini",
    [
      /tape1: siprec_protocl .*had no effect/,
      /did you mean siprec_protocol/,
      /kam_dbpass/,
      /dispatcher_port/,
    ],
  ],
  ["03-vault", "hosts.yml", [/dbpass_kam .*DBPASS_KAM/, /dbpass_root .*DBPASS_ROOT/]],
  [
    "04-group-vars",
    "inventory",
    [/r1, r2: siprec_protocol \(group recorder, group_vars\/recorder.yml:2\): "UDP"/, /50:150/],
  ],
  ["05-playbook", "hosts.ini --playbook site.yml", [/75:25/]],
  [
    "06-booleans",
    "hosts.ini",
    [
      /dbpass_kam .*is a number for Ansible/,
      /p2: enable_debug \(hosts.ini:3\): is the text "yes"/,
      /enable_nat_keepalive .*"TRUE"/,
      /kamailio_version .*is 5.1 for Ansible \(written as 5.10\)/,
    ],
  ],
  ["07-playbook-lists", "hosts.yml --playbook site.yaml", [/dispatcher_destinations[^]*p-fra.*set 2/]],
  ["08-dynamic", "inventory.py", []],
  [
    "09-names",
    "hosts.ini",
    [
      /sip1.site: is not a DNS label.*sip1-site/,
      /sip.b: is not a DNS label.*: it becomes sip-b-2/,
      /sip_2/,
      /siprec_protocol[^]*rec_2.site .*"Udp"/,
      /weight 0/,
      /partition/,
      /enable_anitflood .*"true"/,
    ],
  ],
  [
    "10-two-sites",
    "hosts.yml",
    [
      /lon-sip1, lon-sip2: pike_reqs_density .*is 250 in lon, 100 in sipproxy; Ansible uses 100/,
      /fra-rec1: siprec_set .*is not a variable of the role/,
      /fra-sip1: disp_set .*\[2,1\]/,
    ],
  ],
  ["11-ranges", "hosts.ini", [/w-rec1, w-rec2, w-rec3: shares a group .*set 7/, /disp_alg/]],
  ["12-secrets", "hosts.ini", [/s1: dbpass_root \(hosts.ini:2\): contains a #/, /dbpass_kam .*is a number/]],
  ["14-lookups", "hosts.yml", []],
  ["15-limit", "hosts.yml --limit south", []],
  // in one set the other recorders have no weight, in the other one they have
  ["16-weight-zero", "hosts.ini", [/rec1, rec4 .*weight 0/, /split 75:25$/m]],
];

const read = (name: string, file: string) => readFileSync(join(inventories, name, file), "utf8");

test.concurrent.each(cases)("%s becomes the fleet of a person", async (name, line, said) => {
  const [inventory = "", ...options] = line.split(" ");
  const out = join(folder, `${name}.yaml`);
  const paths = options.map((word) => (/\.ya?ml$/.test(word) ? join(name, word) : word));
  const { exitCode, stderr, stdout } = await sipProxy([
    "import",
    join(name, inventory),
    ...paths,
    "--out",
    out,
  ]);
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 0, stdout: "" });
  expect(meaningOf(readFileSync(out, "utf8"))).toEqual(meaningOf(read(name, "expected.yaml")));
  expect(statSync(out).mode & 0o777).toBe(0o600);
  for (const pattern of said) expect(stderr).toMatch(pattern);
});

test("what cannot be taken over is named at once, and nothing is written", async () => {
  const out = join(folder, "17.yaml");
  const { exitCode, stderr, stdout } = await sipProxy(["import", "17-refuse/hosts.ini", "--out", out]);
  expect({ exitCode, stdout, written: existsSync(out) }).toEqual({ exitCode: 1, stdout: "", written: false });
  expect(stderr).toMatch(/private_ip_address[^]*miarec.*127.0.0.1/);
  expect(stderr).toMatch(/rec3.*is not set\n.*ansible_host=10.170.0.3/);
  expect(stderr).toMatch(/rec4.*'ansible_default_ipv4' is undefined\n.*a fact of the running host/);
  expect(stderr).toMatch(/miarec.*has no attribute 'db'/);
});

test("what a file that ansible-vault encrypts holds becomes a reference, and is not told", async () => {
  const env = { ANSIBLE_VAULT_PASSWORD_FILE: "13-vault-file/vault-password" };
  const { exitCode, stdout, stderr } = await sipProxy(["import", "13-vault-file/hosts.ini"], { env });
  expect(exitCode, stderr).toBe(0);
  expect(meaningOf(stdout)).toEqual(meaningOf(read("13-vault-file", "expected.yaml")));
  expect(stderr).toMatch(/v1: dbpass_root .*DBPASS_ROOT/);
  expect(stdout + stderr).not.toContain("t0ps3cret");

  const closed = await sipProxy(["import", "13-vault-file/hosts.ini"]);
  expect(closed.exitCode).toBe(1);
  expect(closed.stderr).toContain("ANSIBLE_VAULT_PASSWORD_FILE");
});

test("of a folder in which Ansible ignores the inventory it is told why", async () => {
  const inventory = join(folder, "ignored");
  mkdirSync(inventory);
  writeFileSync(join(inventory, "hosts.ini"), "[sipproxy]\np1\n");
  const { exitCode, stderr } = await sipProxy(["import", inventory]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/No inventory was parsed[\s\S]*hint: .*ignores files that end in \.ini/);
});

test("what Ansible cannot read is told without what stands there", async () => {
  const file = join(folder, "broken.ini");
  writeFileSync(file, "[sipproxy]\np1 dbpass_kam=half otherhalf\n");
  const { exitCode, stdout, stderr } = await sipProxy(["import", file]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toMatch(/broken\.ini:2: Expected key=value/);
  expect(stderr).not.toContain("half");
});

/** A PATH without Ansible. */
const bare = { PATH: join(folder, "bin") };
mkdirSync(bare.PATH);
symlinkSync("/bin/rm", join(bare.PATH, "rm"));

test("the list of another machine is taken from standard input, without Ansible", async () => {
  const extra = { input: read("10-two-sites", "ansible.json"), env: bare };
  const { exitCode, stdout, stderr } = await sipProxy(["import", "-"], extra);
  expect(exitCode, stderr).toBe(0);
  expect(meaningOf(stdout)).toEqual(meaningOf(read("10-two-sites", "expected.yaml")));
});

test("without Ansible the way out is told", async () => {
  const { exitCode, stderr } = await sipProxy(["import", "10-two-sites/hosts.yml"], { env: bare });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("sudo apt-get install ansible-core");
});
