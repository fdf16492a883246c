import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newRoot, script } from "../support/host-root.js";

// The host's script installs files and units that the fleet file adds to a host; a stand-in for systemctl records its arguments.

let folder: string;
let root: string;
const at = (path: string) => join(root, path);
const added = (env = {}) =>
  script(root, "added", {
    env: { PATH: `${folder}/bin:${process.env["PATH"]}`, TOLD: join(folder, "told"), ...env },
  });
const told = () => {
  const lines = readFileSync(join(folder, "told"), "utf8").trim().split("\n");
  rmSync(join(folder, "told"));
  return lines;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "added-files-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(
    join(folder, "bin/systemctl"),
    '#!/bin/sh\necho "$*" >>"$TOLD"\ncase "$*" in *"${REFUSED:-nothing}"*) exit 1 ;; esac\n',
  );
  chmodSync(join(folder, "bin/systemctl"), 0o755);
  root = await newRoot(join(folder, "root"), {
    settings: {
      files: {
        "/etc/default/shipper": { content: "ARGS='$(x) `y`'\n", mode: "0640", owner: "root:adm" },
        "/usr/local/bin/shipper": { content: "#!/bin/sh\n", mode: "4755" },
      },
      units: {
        "shipper.service": { content: "[Service]\nExecStart=/usr/local/bin/shipper\n" },
        "rare.timer": { content: "[Timer]\nOnCalendar=daily\n", enabled: false },
      },
    },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

test("each is put in its place with its mode and owner, and units are started; a second time nothing changes", async () => {
  const { exitCode, stdout } = await added();
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("are in place")]);
  expect(readFileSync(at("etc/default/shipper"), "utf8")).toBe("ARGS='$(x) `y`'\n");
  expect(statSync(at("etc/default/shipper"))).toMatchObject({ mode: 0o100640, uid: 0, gid: 4 });
  expect(statSync(at("usr/local/bin/shipper")).mode).toBe(0o104755);
  expect(statSync(at("etc/systemd/system/rare.timer")).mode).toBe(0o100644);
  expect(told()).toEqual([
    "daemon-reload",
    "enable --quiet shipper.service",
    "restart --no-block shipper.service",
  ]);
  expect((await added()).exitCode).toBe(0);
  expect(told()).toEqual(["enable --quiet shipper.service", "start --no-block shipper.service"]);
});

test("one that cannot be put in its place is named, and the others are", async () => {
  writeFileSync(at("etc/default/shipper"), "changed by hand\n");
  writeFileSync(
    at("etc/sip-proxy/added.list"),
    `0644 nobody-here:root /usr/local/bin/shipper\n0640 root:adm /etc/default/shipper\n`,
  );
  const { exitCode, stdout } = await added({ REFUSED: "enable" });
  expect([exitCode, stdout]).toEqual([
    1,
    expect.stringMatching(
      /FAILED: not all files and units .*: \/usr\/local\/bin\/shipper shipper\.service\n/,
    ),
  ]);
  expect(readFileSync(at("etc/default/shipper"), "utf8")).toBe("ARGS='$(x) `y`'\n");
});
