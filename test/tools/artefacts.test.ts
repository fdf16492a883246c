import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { attempt, run } from "../../src/do/process.js";

// Rendered and baked files, checked with the programs that read them.

const folder = mkdtempSync(join(tmpdir(), "artefacts-"));
const cli = join(packageRoot, "dist/sip-proxy.js");
const cases = ["small", "everything", "hostile"];
const env = { KAM_DB_PASSWORD: 'it\'s \\ "secret"' };
const fleetFile = (name: string) => join(packageRoot, "test/golden", name, "fleet.yaml");

beforeAll(async () => {
  for (const name of cases)
    await run({ argv: ["node", cli, "render", fleetFile(name), "--out", join(folder, name)], env });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The bytes of a file, uncompressed. */
function plainBytes(file: string): Buffer {
  const bytes = readFileSync(file);
  return bytes.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b])) ? gunzipSync(bytes) : bytes;
}

test("of all that is rendered, the password lies in a host's user-data and its own file alone", async () => {
  const password = "Recognisable-Passw0rd";
  const out = join(folder, "scanned");
  await run({
    argv: ["node", cli, "render", fleetFile("small"), "--out", out],
    env: { KAM_DB_PASSWORD: password },
  });
  const holding = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const text = plainBytes(file).toString("latin1");
      return text.includes(password) || text.includes(Buffer.from(password).toString("base64").slice(0, 24));
    })
    .map((file) => relative(out, file));
  const own = ["rootfs/etc/sip-proxy/secrets/dbpass_kam", "user-data", "user-data.yaml"];
  const hosts = readdirSync(join(out, "hosts"));
  expect(holding.sort()).toEqual(hosts.flatMap((host) => own.map((file) => `hosts/${host}/${file}`)).sort());
});

describe("Packer 1.6", () => {
  test.each(cases)("validates the build folder of %s as it is rendered", async (name) => {
    const cwd = join(folder, name, "image");
    // the whole folder in one case only, because Packer then starts all its plugins
    for (const what of name === "hostile" ? ["sip-proxy.pkr.json", "."] : ["sip-proxy.pkr.json"]) {
      const { exitCode, stdout, stderr } = await attempt({
        argv: ["packer", "validate", what],
        cwd,
        env: { CHECKPOINT_DISABLE: "1" },
      });
      expect(exitCode, stdout + stderr).toBe(0);
    }
  });

  test("refuses a template that is broken: validation is no formality", async () => {
    const cwd = join(folder, "broken");
    cpSync(join(folder, "small", "image"), cwd, { recursive: true });
    rmSync(join(cwd, "rootfs"), { recursive: true });
    const { exitCode } = await attempt({
      argv: ["packer", "validate", "sip-proxy.pkr.json"],
      cwd,
      env: { CHECKPOINT_DISABLE: "1" },
    });
    expect(exitCode).not.toBe(0);
  });
});

describe("cloud-init", () => {
  test.each(userDataOf())("accepts the user-data of %s/%s", async (name, host) => {
    const file = join(folder, name, "hosts", host, "user-data.yaml");
    const { stdout, stderr } = await run({ argv: ["cloud-init", "schema", "--config-file", file] });
    expect(stdout + stderr).toMatch(/Valid cloud-config/);
  });

  test("reads every file as it was meant, whatever characters are in it", async () => {
    const program = `
import gzip, json, sys, yaml
text = gzip.open(sys.argv[1]).read().decode()
assert text.startswith("#cloud-config\\n")
print(json.dumps({f["path"]: f["content"] for f in yaml.safe_load(text)["write_files"]}))`;
    for (const [name, host] of userDataOf()) {
      const base = join(folder, name, "hosts", host);
      const { stdout } = await run({ argv: ["/usr/bin/python3", "-c", program, join(base, "user-data")] });
      for (const [path, content] of Object.entries(JSON.parse(stdout) as Record<string, string>)) {
        expect(content, path).toBe(readFileSync(join(base, "rootfs", path), "utf8"));
      }
    }
  });

  function userDataOf(): (readonly [string, string])[] {
    return [
      ["small", "sipproxy0"],
      ["everything", "sipproxy0"],
      ["everything", "sipproxy"],
      ["hostile", "sipproxy0"],
    ];
  }
});

test("a second clone renders the same bytes", async () => {
  const clone = join(folder, "clone");
  for (const part of ["dist", "templates", "cloud-init", "packer", "package.json"]) {
    cpSync(join(packageRoot, part), join(clone, part), { recursive: true });
  }
  symlinkSync(join(packageRoot, "node_modules"), join(clone, "node_modules"));
  for (const name of cases) {
    await run({
      argv: [
        "node",
        join(clone, "dist/sip-proxy.js"),
        "render",
        fleetFile(name),
        "--out",
        join(folder, "again", name),
      ],
      env,
    });
    await run({ argv: ["diff", "-r", join(folder, name), join(folder, "again", name)] });
  }
});

test("nothing that is rendered names a path of this machine", async () => {
  const { exitCode, stdout } = await attempt({
    argv: ["grep", "-rlF", packageRoot.replace(/\/$/, ""), folder, "--include=*", "--exclude-dir=clone"],
  });
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
});
