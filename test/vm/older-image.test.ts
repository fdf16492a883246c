import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Policy } from "../../src/compute/image/apt-policy.js";
import { lockText, type ImageLock } from "../../src/compute/image/lock.js";
import type { OutdatedPackage } from "../../src/compute/image/outdated.js";
import { askArchives } from "../../src/do/bake/ask-archives.js";
import { readLockFile } from "../../src/do/bake/lock-file.js";
import { hostPaths } from "../../src/do/local/paths.js";
import { attempt, run } from "../../src/do/process.js";
import { bakeInto, cli, writeFleet } from "../support/demo-image.js";

// The nightly job of docs/images.md, with an image that lacks Debian's updates since the last point release.

const folder = mkdtempSync(join(tmpdir(), "older-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const data = join(folder, "data");
const fleetFile = writeFleet(folder);

const beside = (image: string) => join(dirname(image), "image.lock");

let present: ImageLock;
/** Updated packages, with their versions in the point release. */
let before: Map<string, string>;
let older: string;

/** The version before Debian's updates; undefined for kernels, which have another package for each version. */
function versionBefore(source: string, { versions }: Policy): string | undefined {
  if (/^linux\b/.test(source)) return undefined;
  return [...versions].find(([, archives]) => archives.some((name) => / [a-z]+\/main$/.test(name)))?.[0];
}

beforeAll(async () => {
  present = await readLockFile(beside((await bakeInto(join(folder, "present"), fleetFile)).path));
  const policies = await askArchives(present, new Map(), hostPaths().cache);
  const updated = Object.entries(present.packages).flatMap(([name, { source, version }]) => {
    const policy = policies.get(name);
    const former = policy && versionBefore(source, policy);
    return former === undefined || former === version ? [] : [[name, former] as const];
  });
  before = new Map(updated);
  const packages = Object.entries(present.packages).map(([name, one]) => {
    const { architecture, source } = one;
    const version = before.get(name);
    return [name, version === undefined ? one : { version, architecture, source }] as const;
  });
  const lock = join(folder, "older.lock");
  writeFileSync(lock, lockText({ ...present, packages: Object.fromEntries(packages) }));
  older = beside((await bakeInto(data, fleetFile, { more: ["--locked", lock] })).path);
});

test("it is made of what Debian had before its updates", async () => {
  expect(before.size).toBeGreaterThan(0);
  console.log(`before Debian's updates: ${[...before].map((pair) => pair.join(" ")).join(", ")}`);
  const { packages } = await readLockFile(older);
  for (const [name, version] of before) expect(packages[name]?.version, name).toBe(version);
});

const outdated = (...words: string[]) =>
  attempt({
    argv: [...cli, "image", "outdated", fleetFile, ...words, "--tracker", "none", "--json"],
    env: { XDG_DATA_HOME: data },
  });

test("the job names what is outdated, and the security updates among it", async () => {
  const { exitCode, stdout } = await outdated("--exit-code");
  expect(exitCode).toBe(3);
  const { packages, security } = JSON.parse(stdout) as { packages: OutdatedPackage[]; security: number };
  const available = (name: string) => present.packages[name]?.version;
  expect(Object.fromEntries(packages.map(({ name, candidate }) => [name, candidate]))).toEqual(
    Object.fromEntries([...before.keys()].map((name) => [name, available(name)])),
  );
  const ofSecurity = [...before.keys()].filter((name) =>
    present.packages[name]?.archive?.endsWith("-security"),
  );
  expect(packages.filter((one) => one.security).map(({ name }) => name)).toEqual(
    expect.arrayContaining(ofSecurity),
  );
  expect(security).toBeGreaterThanOrEqual(ofSecurity.length);
});

test("then it bakes; the next night there is nothing to do", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/images.md"), "utf8");
  const [job = ""] = /^sip-proxy image outdated .*&& bake-image .*$/m.exec(page) ?? [];
  const here = job
    .replace("--exit-code", "$& --tracker none")
    .replace("--target ec2", "--target local --builder container");
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const [node, program] = cli;
  for (const name of ["sip-proxy", "bake-image"]) {
    const run = `exec ${node} ${program.replace("sip-proxy.js", `${name}.js`)} "$@"`;
    writeFileSync(join(bin, name), `#!/bin/sh\necho ${name} >>called\n${run}\n`, { mode: 0o755 });
  }
  const env = { XDG_DATA_HOME: data, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  const night = async () => {
    writeFileSync(join(folder, "called"), "");
    const { stdout } = await run({ argv: ["sh", "-c", here], cwd: folder, env, timeout: 1_700_000 });
    return { stdout, called: readFileSync(join(folder, "called"), "utf8").trim().split("\n") };
  };
  const first = await night();
  expect(first.called).toEqual(["sip-proxy", "bake-image"]);
  const { packages } = await readLockFile(beside(first.stdout.trim().split("\n").at(-1) ?? ""));
  expect(packages).toEqual(present.packages);
  expect((await night()).called).toEqual(["sip-proxy"]);
});
