import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attempt } from "../../src/do/process.js";
import { fleetText } from "../support/fleets.js";
import { certificate } from "../support/certificates.js";
import { bakeInto } from "../support/demo-image.js";
import { inDisk, rawDisk } from "./image-disk.js";

const folder = mkdtempSync(join(tmpdir(), "image-secrets-"));

/** Texts that must not be found, by description. Each is unique. */
const secrets = new Map<string, string>();
function secret(what: string): string {
  const text = `never-in-an-image-${randomBytes(12).toString("hex")}`;
  secrets.set(text, what);
  return text;
}

/** Files of EC2's builder, and of work on any builder. All except the first are removed before sealing. */
const left = [
  ...["/root/.ssh/authorized_keys", "/home/admin/.ssh/authorized_keys", "/home/debian/.ssh/authorized_keys"],
  ...["/root/.bash_history", "/home/admin/.bash_history", "/root/.python_history", "/root/.psql_history"],
  ...[
    "instance-data.json",
    "instances/i-0/user-data.txt",
    "instances/i-0/obj.pkl",
    "seed/nocloud/user-data",
  ].map((path) => `/var/lib/cloud/${path}`),
  ...["/var/log/cloud-init-output.log", "/var/log/amazon/ssm/errors.log", "/var/log/syslog.1"],
  ...["/root/.aws/cli/cache/role.json", "/home/admin/.aws/sso/cache/session.json"],
  "/var/lib/amazon/ssm/Vault/Store/RegistrationKey",
  ...["/var/lib/dhcpcd/secret", "/var/lib/systemd/credential.secret", "/var/lib/systemd/random-seed"],
  ...["/var/tmp/deploy.env", "/tmp/build-token", "/root/.cache/pip/token"],
];

/** Texts that are in the image, as such and compressed, to detect a search that finds nothing. */
const control = secret("control");
const packedControl = secret("packed control");

/** Runs on the builder; also prints secrets that exist only there: host keys, machine-id, and the password of a login. */
const plant = () => `#!/bin/bash -e
${left.map((path) => `install -D -m 600 /dev/stdin ${path} <<<'${secret(path)}'`).join("\n")}
tell() { while read -r line; do echo "KNOWN $1 $line"; done; }
for key in /etc/ssh/ssh_host_*_key; do sed '1d;$d' "$key" | grep -E '.{40}' | tell host-key; done
tell machine-id </etc/machine-id
awk -F: '$2 ~ /^[$]/ { print $2 }' /etc/shadow | tell password-hash
gzip <<<'${packedControl}' >/etc/control.gz
`;

/** Bakes with this builder; returns the image. */
async function bake(builder: "container" | "vm"): Promise<string> {
  const { key, cert } = await certificate("proxy.example.com");
  const pem = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return `\${file:${name}}`;
  };
  const keyLine = key.split("\n").find((line) => line.length === 64) ?? "";
  secrets.set(keyLine, "tls_private_key");
  const fleet = fleetText({
    fleet: "secrets",
    image: { media_relay: "rtpengine", scripts: ["plant"], files: { "/etc/control": { content: control } } },
    database: {
      ...{ dbhost: "10.0.0.9", dbuser_root: "postgres", bootstrap: "first-boot" },
      ...{ dbpass_kam: secret("dbpass_kam"), dbpass_root: "${env:ROOT_PASSWORD}" },
    },
    settings: {
      ...{ enable_tls: true, tls_certificate: pem("cert.pem", cert), tls_private_key: pem("key.pem", key) },
      ...{
        dialog_secret: pem("dialog", secret("dialog_secret")),
        dialog_secret_other: secret("dialog_secret_other"),
      },
    },
  });
  writeFileSync(join(folder, "fleet.yaml"), fleet);
  writeFileSync(join(folder, "plant"), plant(), { mode: 0o755 });
  const env = {
    ROOT_PASSWORD: secret("dbpass_root"),
    ...{ AWS_SECRET_ACCESS_KEY: secret("AWS_SECRET_ACCESS_KEY"), GITHUB_TOKEN: secret("GITHUB_TOKEN") },
  };
  const { path: image } = await bakeInto(join(folder, "data"), join(folder, "fleet.yaml"), { builder, env });
  const log = readFileSync(join(dirname(image), "bake.log"), "utf8");
  for (const [, what = "", text = ""] of log.matchAll(/KNOWN (\S+) (\S+)$/gm)) secrets.set(text, what);
  return image;
}

const disk = join(folder, "disk.raw");

/** Unpacks compressed files; $1: the list. Manuals are skipped, because they come from packages. */
const PACKED = `mount -t tmpfs tmpfs tmp
mount --rbind /dev dev
for initrd in boot/initrd.img-*; do chroot . unmkinitramfs "/$initrd" /tmp/initrd; done
test -e tmp/initrd/main/init -o -e tmp/initrd/init
{
  grep -r -a -o -h -F -f "$1" tmp/initrd
  {
    find . -xdev -type f -name '*.gz' ! -path './usr/share/*' -exec gzip -dc {} +
    find . -xdev -type f -name '*.xz' ! -path './usr/share/*' -exec xz -dc {} +
  } | grep -z -a -o -F -f "$1"
} || test $? -ne 2
`;

/**
 * Searches the whole disk of an image for all secrets of the fleet file, the environment and the builder. The builder also gets the data of
 * a builder on EC2: Packer's key, instance data, credentials of its role, an agent's registration, histories.
 */
export function searchForSecrets(builder: "container" | "vm"): void {
  let image: string;
  beforeAll(async () => {
    image = await bake(builder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("the disk holds no secret of the fleet file, of the environment, or of the builder", async () => {
    const list = join(folder, "list");
    const kinds = [...secrets.values()];
    for (const what of ["host-key", "machine-id", "tls_private_key", "dbpass_root", ...left])
      expect(kinds).toContain(what);
    writeFileSync(list, [...secrets.keys()].map((text) => `${text}\n`).join(""));
    await rawDisk(image, disk);
    const raw = await attempt({ argv: ["grep", "-z", "-a", "-o", "-F", "-f", list, disk], timeout: 300_000 });
    const packed = await inDisk(disk, PACKED, list);
    const found = `${raw.stdout}\n${packed}`.split(/[\n\0]/).filter((line) => line !== "");
    expect([...new Set(found.map((text) => secrets.get(text)))]).toEqual(["control", "packed control"]);
  });

  test("nor do its lock file, bill of materials, manifest and log", () => {
    for (const name of ["image.lock", "sbom.cdx.json", "manifest.json", "bake.log"]) {
      const text = readFileSync(join(dirname(image), name), "utf8").replace(/^.*KNOWN .*$/gm, "");
      expect(
        [...secrets].flatMap(([value, what]) => (text.includes(value) ? [what] : [])),
        name,
      ).toEqual([]);
    }
  });

  test("no login of it has a password; and nothing in it is the same on every host that should be its own", async () => {
    const stdout = await inDisk(
      disk,
      `cat etc/shadow etc/shadow-
      test ! -s etc/machine-id
      test -z "$(find etc/ssh/ssh_host_* var/lib/systemd/random-seed var/lib/systemd/credential.secret 2>/dev/null)"`,
    );
    const hashes = stdout.split("\n").map((line) => line.split(":")[1] ?? "");
    expect(hashes.filter((hash) => hash !== "" && !/^[!*]+$/.test(hash))).toEqual([]);
  });
}
