import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderHost } from "../../src/commands/render-host.js";
import { attempt, run } from "../../src/do/process.js";
import { fleetOf, reveal } from "../support/fleets.js";
import { newRoot, patient, script } from "../support/host-root.js";

// Scripts and files of the first boot with a full disk, power failures, and incomplete user-data. (`npm run boots` boots real hosts.)

const fleet = fleetOf({});
const [host] = fleet.hosts;
if (!host) throw new Error("no host");
const { filledIn, files } = renderHost(fleet, host, reveal);

let disk: string;
let root: string;
let number = 0;

beforeAll(async () => {
  disk = mkdtempSync(join(tmpdir(), "first-boot-faults-"));
  await run({ argv: ["mount", "-t", "tmpfs", "-o", "size=64m", "first-boot", disk] });
});
afterAll(async () => {
  await run({ argv: ["umount", "-l", disk] });
  rmSync(disk, { recursive: true });
});

beforeEach(async () => {
  rmSync(join(disk, "filler"), { force: true });
  root = await newRoot(join(disk, `${number++}`), {});
});

const at = (path: string) => join(root, path);
const fill = () =>
  attempt({ argv: ["dd", "if=/dev/zero", `of=${join(disk, "filler")}`, "bs=4096", "status=none"] });

/** Creates cloud-init's records of a boot, and its seed. */
function cloudInitKnows(): void {
  for (const path of ["instances/i-0/sem/config_ssh", "data/instance-id", "seed/nocloud/user-data"]) {
    mkdirSync(join(root, "var/lib/cloud", path, ".."), { recursive: true });
    writeFileSync(at(`var/lib/cloud/${path}`), "");
  }
}
const configure = (options = {}) => script(root, "until-done", { args: ["configure"], wait: 1, ...options });

/** Files with addresses that exist but have wrong content. */
const halfDone = () =>
  filledIn
    .filter(({ path, content }) => existsSync(at(path)) && readFileSync(at(path), "utf8") !== content)
    .map(({ path }) => path);

async function expectConfigured(): Promise<void> {
  const { exitCode, stdout } = await configure(patient);
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("configured: ") as string,
  });
  for (const { path, content } of filledIn) expect(readFileSync(at(path), "utf8"), path).toBe(content);
  expect(readFileSync(at("etc/kamailio/kamailio-secret.cfg"), "utf8")).toMatch(
    /!DIALOG_SECRET![0-9a-f]{48}!/,
  );
  expect((await run({ argv: ["find", root, "-name", "*.new.*"] })).stdout).toBe("");
}

describe("user-data that is not whole on the disk", () => {
  test.each([
    ["host.env is cut off", "etc/sip-proxy/host.env", 40],
    ["host.env is empty", "etc/sip-proxy/host.env", 0],
    ["the seed is cut off", "etc/sip-proxy/dispatcher-seed.sql", 100],
    ["Kamailio's values are empty", "etc/kamailio/kamailio-local.cfg", 0],
  ])(
    "%s: nothing is configured, and it says which file; once it is whole, the next try is right",
    async (_, path, bytes) => {
      truncateSync(at(path), bytes);
      const { exitCode, stdout } = await configure();
      expect(exitCode).toBe(1);
      expect(stdout).toContain(`FAILED: user-data is incomplete on this disk: /${path}\n`);
      expect(readFileSync(at("run/sip-proxy/said/configure"), "utf8")).toMatch(
        /^FAILED: user-data is incomplete/,
      );
      for (const file of filledIn) expect(existsSync(at(file.path)), file.path).toBe(false);
      writeFileSync(at(path), files.find((file) => file.path === path)?.content ?? "");
      await expectConfigured();
    },
  );

  test("a file of the right size with other bytes is seen, and so is a list without its files", async () => {
    const path = at("etc/sip-proxy/dispatcher-seed.sql");
    const text = readFileSync(path);
    writeFileSync(path, Buffer.alloc(text.length));
    expect((await configure()).stdout).toContain("a file differs from user-data");
    writeFileSync(path, text);
    truncateSync(at("etc/sip-proxy/user-data.list"), 0);
    expect((await configure()).stdout).toContain("a file differs from user-data");
  });

  test("what an operator changes after the first boot stays", async () => {
    await expectConfigured();
    writeFileSync(
      at("etc/kamailio/kamailio-local.cfg"),
      `${readFileSync(at("etc/kamailio/kamailio-local.cfg"), "utf8")}\n`,
    );
    await expectConfigured();
  });

  test("of the first release, which has no list, and of a later one, with files and values of its own, it is taken", async () => {
    rmSync(at("etc/sip-proxy/user-data.list"));
    writeFileSync(at("etc/sip-proxy/of-a-later-release"), "");
    writeFileSync(
      at("etc/sip-proxy/host.env"),
      `${readFileSync(at("etc/sip-proxy/host.env"), "utf8")}OF_A_LATER_RELEASE=1\n`,
    );
    await expectConfigured();
  });
});

test("a full disk, at any write: no file is half done, it says why, and the first try with space is right", async () => {
  const filler = join(disk, "filler");
  mkdirSync(join(root, "var/lib/sip-proxy"), { recursive: true });
  for (const pages of [0, 1, 3, 6, 9]) {
    await fill();
    truncateSync(filler, Math.max(0, readFileSync(filler).length - pages * 4096));
    const { exitCode, stdout } = await configure();
    expect(halfDone(), `${pages} pages`).toEqual([]);
    if (pages === 0) expect({ exitCode, stdout }).toMatchObject({ exitCode: 1 });
    if (exitCode !== 0) expect(stdout, `${pages} pages`).toMatch(/FAILED: .*(No space left|cannot be read)/);
    rmSync(filler);
    await expectConfigured();
    root = await newRoot(join(disk, `${number++}`), {});
  }
});

const units = "cloud-init-local.service cloud-init.service cloud-config.service cloud-final.service";
const inPlace = [
  `restart ${units}`,
  "try-restart systemd-networkd.service",
  "reset-failed ssh.service",
  "reload-or-restart ssh.service",
  "start --no-block multi-user.target",
];

describe("a disk that is full from the first boot on", () => {
  const marker = "var/lib/sip-proxy/had-room";
  const due = async () => (await script(root, "await-host", { args: ["is-due"] })).exitCode === 0;
  const removeHost = () => {
    for (const file of ["host.env", "user-data.list"]) rmSync(at(`etc/sip-proxy/${file}`));
  };
  beforeEach(() => {
    cloudInitKnows();
    mkdirSync(join(root, marker, ".."), { recursive: true });
  });

  test.each([
    ["a container has cloud-init begin again, here that of Debian 12", { container: 0 }, inPlace],
    ["so has a host that takes calls", { calls: 0 }, inPlace],
    [
      "so has a container with all files, but perhaps no logins or host keys",
      { container: 0, whole: true },
      inPlace,
    ],
    ["another host boots once more", {}, ["reboot"]],
  ])("is told; with room, %s", async (_, { container = 1, calls = 3, whole = false }: Case, asked) => {
    if (!whole) removeHost();
    await fill();
    expect(await due()).toBe(true);
    const bin = mkdtempSync(join(tmpdir(), "await-host-"));
    const systemctl = `#!/bin/sh
    case "$1 $2" in
    "cat cloud-init-main.service" | "cat cloud-init-network.service") exit 1 ;;
    cat* | is-enabled*) exit 0 ;;
    is-active*) exit ${calls} ;;
    restart*) : >"${at("etc/sip-proxy/host.env")}" ;;
    esac
    echo "$*" >>"${bin}/asked"`;
    writeFileSync(join(bin, "systemctl"), systemctl, { mode: 0o755 });
    writeFileSync(join(bin, "systemd-detect-virt"), `#!/bin/sh\nexit ${container}\n`, { mode: 0o755 });
    try {
      const env = { PATH: `${bin}:${process.env["PATH"]}` };
      const onLine = (line: string) => {
        if (line.includes("FAILED: the disk is full (0 KiB are free)")) rmSync(join(disk, "filler"));
      };
      const wait = asked === inPlace ? 120 : 45;
      const { stdout } = await script(root, "await-host", { wait, env, onLine });
      expect(stdout).toMatch(/the disk is full \(0 KiB[^]*the disk has free space again/);
      expect(readFileSync(join(bin, "asked"), "utf8").trimEnd().split("\n")).toEqual(asked);
      // records of a failed module would keep it from running again, and records of the instance would keep its network from being written
      expect(readdirSync(at("var/lib/cloud"))).toEqual(["seed"]);
      expect(existsSync(at(marker))).toBe(asked === inPlace);
    } finally {
      rmSync(bin, { recursive: true });
    }
  });

  test("is that of the first boot alone", async () => {
    expect(await due()).toBe(false);
    expect(existsSync(at(marker))).toBe(true);
    await fill();
    expect(await due()).toBe(false);
  });
});

interface Case {
  /** Exit codes of systemd-detect-virt and of `systemctl is-active kamailio`. */
  container?: number;
  calls?: number;
  /** True if cloud-init could write a host's files. */
  whole?: boolean;
}

describe("a first boot that was cut off", () => {
  const boot = () => script(root, "first-boot");

  test("begins again: cloud-init knows nothing of it, but its seed", async () => {
    expect(await boot()).toMatchObject({ exitCode: 0, stdout: "" });
    cloudInitKnows();
    expect((await boot()).stdout).toMatch(/the first boot was cut off: cloud-init begins again/);
    expect(readdirSync(at("var/lib/cloud"))).toEqual(["seed"]);
    expect(existsSync(at("var/lib/cloud/seed/nocloud/user-data"))).toBe(true);
  });

  test("is left alone as long as the disk is full", async () => {
    await boot();
    cloudInitKnows();
    await fill();
    expect(await boot()).toMatchObject({ exitCode: 0, stdout: "" });
    expect(readdirSync(at("var/lib/cloud")).sort()).toEqual(["data", "instances", "seed"]);
  });

  test("one that was not is left alone, when its user-data is there", async () => {
    await boot();
    cloudInitKnows();
    expect((await script(root, "await-host", { args: ["is-due"] })).exitCode).toBe(1);
    expect(await boot()).toMatchObject({ exitCode: 0, stdout: "" });
    expect(readdirSync(at("var/lib/cloud")).sort()).toEqual(["data", "instances", "seed"]);
  });
});

test("an image on a disk with room, without user-data, is no host yet", async () => {
  for (const file of ["host.env", "user-data.list"]) rmSync(at(`etc/sip-proxy/${file}`));
  expect((await script(root, "await-host", { wait: 1 })).stdout).toMatch(
    /FAILED: this machine has no user-data/,
  );
});

test("power that goes at any command: no file is half done, and the next boot is right", async () => {
  const trace = join(disk, "die-at-command.sh");
  writeFileSync(trace, `set -T; trap '((++at == DIE_AT)) && kill -9 $$' DEBUG\n`);
  for (let command = 10; ; command += 40) {
    const env = { BASH_ENV: trace, DIE_AT: String(command) };
    const exitCode = await script(root, "configure", { ...patient, env }).then(
      (ended) => ended.exitCode,
      (error: Error) => (error.message.includes("SIGKILL") ? "killed" : Promise.reject(error)),
    );
    expect(["killed", 0]).toContain(exitCode);
    if (exitCode === 0) {
      expect(command).toBeGreaterThan(100);
      break;
    }
    expect(halfDone(), `at command ${command}`).toEqual([]);
    await expectConfigured();
    root = await newRoot(join(disk, `${number++}`), {});
  }
});
