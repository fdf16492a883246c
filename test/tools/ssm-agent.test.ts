import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAsset } from "../../src/do/assets.js";
import { attempt, run } from "../../src/do/process.js";
import { Sandbox } from "../support/proxy/sandbox.js";

// The script of docs/ec2.md that adds the SSM agent to an image. It runs with a stand-in for AWS' package, in a copy of this machine's file
// system.

const bucket = "https://s3.eu-west-1.amazonaws.com";
const page = /```sh\n([^`]*amazon-ssm-agent\.deb[^`]*)```/.exec(readAsset("docs/ec2.md"))?.[1] ?? "";
const script = page.replaceAll(/^ {3}/gm, "");

let folder: string;
let server: Server;
let url: string;
let sum: string;
const asked: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ssm-agent-"));
  const { stdout: architecture } = await run({ argv: ["dpkg", "--print-architecture"] });
  const deb = readFileSync(await packageOf(architecture));
  sum = createHash("sha256").update(deb).digest("hex");
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const isThere = request.url?.endsWith(`/debian_${architecture}/amazon-ssm-agent.deb`) === true;
    response.writeHead(isThere ? 200 : 404).end(isThere ? deb : "<Error>NoSuchKey</Error>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server?.close();
  rmSync(folder, { recursive: true });
});

/** A package with stand-ins for the agent's files: a program, a unit, a registration. */
async function packageOf(architecture: string): Promise<string> {
  const tree = join(folder, "tree");
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    writeFileSync(join(tree, path), text, { mode });
  };
  put("usr/bin/amazon-ssm-agent", "#!/bin/sh\n", 0o755);
  put("lib/systemd/system/amazon-ssm-agent.service", "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n");
  put(
    "DEBIAN/postinst",
    "#!/bin/sh\nmkdir -p /var/lib/amazon/ssm\necho mi-1 >/var/lib/amazon/ssm/registration\n",
    0o755,
  );
  put(
    "DEBIAN/control",
    `Package: amazon-ssm-agent\nVersion: 3.3.2299.0-1\nArchitecture: ${architecture}\nMaintainer: none\nDescription: stands in\n`,
  );
  const deb = join(folder, "agent.deb");
  await run({ argv: ["dpkg-deb", "--build", "--root-owner-group", tree, deb] });
  return deb;
}

/** Runs the script in a copy of this machine's file system; then returns the agent's files in it. */
async function install(text: string): Promise<{ exitCode: number; left: string; said: string }> {
  const copy = await Sandbox.create({ files: [{ path: "root/add-agent.sh", content: text }] });
  const inCopy = (line: string) =>
    attempt(copy.command({ argv: ["sh", "-c", `cd /tmp && ${line}`], timeout: 60_000 }));
  try {
    const { exitCode, stdout, stderr } = await inCopy("exec bash /root/add-agent.sh");
    const left = await inCopy(looks);
    return { exitCode, left: left.stdout, said: stdout + stderr };
  } finally {
    await copy.remove();
  }
}

const looks = `dpkg-query --show --showformat='\${Status} \${Version}\n' amazon-ssm-agent 2>/dev/null || echo none
ls -d /usr/bin/amazon-ssm-agent /var/lib/amazon/ssm *.deb 2>/dev/null`;

const local = () => script.replace(bucket, url).replace("CHECKSUM-OF-THIS-FILE", sum);

test("it installs the version that it pins, and leaves no registration and no package file", async () => {
  expect(script).toContain(bucket);
  const { exitCode, left, said } = await install(local());
  expect([exitCode, left]).toEqual([0, "install ok installed 3.3.2299.0-1\n/usr/bin/amazon-ssm-agent"]);
  expect(said).toContain("amazon-ssm-agent.deb: OK");
  expect(asked).toEqual([
    expect.stringMatching(/^\/amazon-ssm-eu-west-1\/3\.3\.2299\.0\/debian_\w+\/amazon-ssm-agent\.deb$/),
  ]);
});

test("another file than the one that is pinned, or none, ends the bake before anything is installed", async () => {
  const other = await install(local().replace(sum, "0".repeat(64)));
  expect([other.exitCode, other.left]).toEqual([1, expect.stringMatching(/^none/)]);
  expect(other.said).toContain("computed checksum did NOT match");
  const missing = await install(local().replace("/debian_", "/none_"));
  expect([missing.exitCode, missing.left]).toEqual([22, "none"]);
});
