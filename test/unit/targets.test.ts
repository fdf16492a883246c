import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { namedTargets } from "../../src/targets/lookup.js";
import type * as registry from "../../src/targets/registry.js";
import { fleetFile, folder, proxies, run } from "../support/fake-target/fleet.js";
import { boxes, done, shelf } from "../support/fake-target/target.js";

// loaded modules stay for the next test file
vi.hoisted(() => vi.resetModules());
afterAll(() => vi.resetModules());

// the only line that a third target needs, besides its folder
vi.mock("../../src/targets/registry.js", async (original) => {
  const { targets } = await original<typeof registry>();
  const { shelf } = await import("../support/fake-target/target.js");
  return { targets: { ...targets, shelf } };
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("a third target", () => {
  test("has sections of its own in the fleet file, with its rules", async () => {
    expect(await run("validate", fleetFile())).toMatchObject({ code: 0 });
    const wrong = await run("validate", fleetFile({ launch: { shelf: { room: "attic", boxez: 3 } } }));
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/shelf\.room\]:[\s\S]*must be a room such as r12/);
    expect(wrong.stderr).toMatch(/did you mean boxes\?/);
    const crowded = await run("validate", fleetFile({ proxies: proxies(4) }));
    expect(crowded.stderr).toMatch(/must hold 4 hosts/);
  });

  test("stands in the schema and the settings reference", async () => {
    expect((await run("schema", "--markdown")).stdout).toMatch(
      /## Launching on a shelf\n\nIn `launch\.shelf`/,
    );
    const { properties } = JSON.parse((await run("schema")).stdout) as {
      properties: Record<string, Properties>;
    };
    expect(properties["launch"]?.properties["shelf"]?.properties["boxes"]).toMatchObject({ default: 2 });
  });

  test("has kinds of secrets that its hosts resolve, and variables for its hosts", async () => {
    const rendered = await run("user-data", fleetFile({ dbpass_kam: "${drawer:top}" }), "sipproxy0");
    expect(rendered.stdout).toMatch(/dbpass_kam\.ref[\s\S]*content: \|\n\s+drawer top\n/);
    expect(rendered.stdout).toMatch(/SHELF=/);
    const wrong = await run("validate", fleetFile({ dbpass_kam: "${drawer:a/b}" }));
    expect(wrong.stderr).toMatch(/\$\{ssm:\/NAME\}, \$\{drawer:LABEL\}/);
  });

  test("limits the user-data of all hosts", async () => {
    const { stdout } = await run("user-data", fleetFile(), "sipproxy0", "--size", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ limit: shelf.userDataLimit });
  });

  test("gives a builder to the template", async () => {
    const out = join(folder, "out");
    expect((await run("render", fleetFile(), "--out", out)).code).toBe(0);
    const template = JSON.parse(readFileSync(join(out, "image/sip-proxy.pkr.json"), "utf8")) as Template;
    expect(template.source["null"]).toMatchObject({ shelf: { communicator: "none" } });
    expect(template.build[0]?.sources).toEqual(
      expect.arrayContaining(["source.qemu.local", "source.null.shelf"]),
    );
  });

  test("launches, lists, tells and ends its hosts", async () => {
    const file = fleetFile();
    const there = ["--target", "shelf"];
    expect((await run("launch", file, "sipproxy0", ...there, "--dry-run")).stderr).toMatch(
      /\(dry run\) put on/,
    );
    expect((await run("status", file, ...there)).code).toBe(1);
    const launched = await run("launch", file, "sipproxy0", ...there);
    expect(launched).toMatchObject({ code: 0 });
    expect(launched.stderr).toMatch(
      /sipproxy0: put on the shelf with \d+ bytes\n.*sipproxy0: ready: sipproxy0/s,
    );
    expect(JSON.parse((await run("list", file, ...there, "--json")).stdout)).toEqual([
      { name: "sipproxy0", state: "running", box: 1 },
    ]);
    expect(await run("status", file, ...there)).toMatchObject({ code: 0, stdout: "sipproxy0 there\n" });
    expect((await run("terminate", file, "sipproxy0", ...there)).stderr).toMatch(/sipproxy0: taken away/);
    expect((await run("list", file, ...there, "--json")).stdout).toBe("[]\n");
  });

  test("is asked for addresses; what it has not is not offered there", async () => {
    const file = fleetFile({
      dns: { domain: "sip.example.com" },
      proxies: { sipproxy0: { public_ip_address: "auto", private_ip_address: "auto" } },
    });
    expect((await run("dns", file, "--target", "shelf")).stdout).toMatch(/IN A +192\.0\.2\.77/);
    expect((await run("dns", file)).stderr).toMatch(
      /--target ec2 or --target shelf looks it up in EC2 or a shelf/,
    );
    expect(await run("group", "plan", file, "--target", "shelf")).toMatchObject({ code: 2 });
    expect(await run("image", "promote", file, "--target", "shelf")).toMatchObject({ code: 2 });
    expect((await run("launch", "--help")).stdout).toMatch(/this machine or EC2 or a shelf/);
    expect((await run("terminate", "--help")).stdout).toMatch(
      /on EC2, also release[^;]*; on a\s+shelf, give/,
    );
  });
});

describe("a roll", () => {
  const there = ["--target", "shelf"];
  const file = () => fleetFile({ proxies: proxies(2) });
  const roll = (verb: string, ...words: string[]) => run("fleet", verb, file(), ...words, ...there);

  beforeEach(async () => {
    boxes.clear();
    await run("launch", file(), "sipproxy0", "sipproxy1", ...there);
    done.length = 0;
  });

  const replaced = (name: string, image: string) => [`${name} away`, `${name} of ${image}`];

  test("drains and replaces one host after the other, goes back, and does nothing twice", async () => {
    const rolled = await roll("roll", "--image", "ash", "--json");
    expect(JSON.parse(rolled.stdout)).toMatchObject({ rolled: ["sipproxy0", "sipproxy1"] });
    expect(done).toEqual([...replaced("sipproxy0", "ash"), ...replaced("sipproxy1", "ash")]);
    done.length = 0;
    expect((await roll("roll", "--image", "ash")).stderr).toContain("every host is up to date");
    expect(done).toEqual([]);
    expect(await roll("rollback")).toMatchObject({ code: 0 });
    expect(done).toEqual([...replaced("sipproxy0", "oak"), ...replaced("sipproxy1", "oak")]);
  });

  test("touches no host when there is nothing to launch from", async () => {
    for (const words of [[], ["--dry-run"]])
      expect(await roll("roll", "--image", "straw", ...words)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("no board straw") as string,
      });
    expect(done).toEqual([]);
    expect([...boxes.values()].some(({ draining }) => draining)).toBe(false);
  });

  test("stops at a host that is not ready, and the same command says so again", async () => {
    for (const words of [["sipproxy0"], ["sipproxy0"], []]) {
      const { code, stderr } = await roll("roll", "--image", "rotten", ...words);
      expect(code).toBe(1);
      expect(stderr).toContain("the roll stops at sipproxy0, which is not ready");
    }
    expect(done).toEqual(replaced("sipproxy0", "rotten"));
    expect(boxes.get("sipproxy1")).toMatchObject({ image: "oak", draining: false });
  });

  test("goes on from there with an image that is good", async () => {
    await roll("roll", "--image", "rotten");
    done.length = 0;
    expect(await roll("roll", "--image", "ash")).toMatchObject({ code: 0 });
    expect(done).toEqual([...replaced("sipproxy0", "ash"), ...replaced("sipproxy1", "ash")]);
  });

  test("launches a host that one that was cut off had taken away, and goes on", async () => {
    await roll("roll", "sipproxy0", "--image", "ash");
    boxes.delete("sipproxy1");
    done.length = 0;
    expect(await roll("roll", "--image", "ash")).toMatchObject({ code: 0 });
    expect(done).toEqual(["sipproxy1 of ash"]);
  });

  test("does not begin while the others cannot hold the calls that are up", async () => {
    Object.assign(boxes.get("sipproxy0") ?? {}, { calls: 60 });
    Object.assign(boxes.get("sipproxy1") ?? {}, { calls: 41 });
    const words = ["--image", "ash", "--timeout", "1"];
    const refused = await roll("roll", ...words);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      "sipproxy0 is not drained: 101 calls are up, but the other hosts have room for 100 only",
    );
    expect(done).toEqual([]);
    expect([...boxes.values()].some(({ draining }) => draining)).toBe(false);
    Object.assign(boxes.get("sipproxy0") ?? {}, { calls: 0 });
    Object.assign(boxes.get("sipproxy1") ?? {}, { calls: 0 });
    expect(await roll("roll", ...words)).toMatchObject({ code: 0 });
  });

  test("does not begin while another host is not ready, unless it is told to", async () => {
    Object.assign(boxes.get("sipproxy1") ?? {}, { image: "rotten" });
    const { code, stderr } = await roll("roll", "sipproxy0", "--image", "ash", "--timeout", "1");
    expect(code).toBe(1);
    expect(stderr).toContain("sipproxy0 is not drained: sipproxy1 is not ready");
    expect(done).toEqual([]);
    expect(await roll("roll", "sipproxy0", "--image", "ash", "--force")).toMatchObject({ code: 0 });
  });
});

test("a rotate without a host that it concerns, or without its file, is refused before anything is done", async () => {
  const rotate = (what: string, ...words: string[]) =>
    run(what, "rotate", fleetFile(), ...words, "--target", "shelf");
  const tls = await rotate("tls");
  expect(tls.code).toBe(1);
  expect(tls.stderr).toContain("error: no single host of the fleet gets the certificate from the fleet file");
  const old = await rotate("db", "--old-password-file", join(folder, "gone"));
  expect(old.code).toBe(1);
  expect(old.stderr).toMatch(/error: --old-password-file: cannot read .*gone/);
});

describe("hosts that do not answer", () => {
  const asked = (verb: string) => run(verb, fleetFile({ proxies: proxies(2) }), "--target", "shelf");

  test.each(["calls", "logs", "doctor"])(
    "%s names each with the reason, once, and is no success",
    async (verb) => {
      boxes.clear();
      await run("launch", fleetFile({ proxies: proxies(2) }), "sipproxy0", "--target", "shelf");
      const gone = await asked(verb);
      expect(gone).toMatchObject({ code: 1, stderr: "sipproxy1: not reachable: it is not on the shelf\n" });
      Object.assign(boxes.get("sipproxy0") ?? {}, { locked: true });
      const locked = await asked(verb);
      expect(locked.code).toBe(1);
      expect(locked.stderr.match(/sipproxy0.*/g)).toEqual([
        "sipproxy0: does not answer: sudo: a password is required",
      ]);
    },
  );
});

test.each(namedTargets.map(([name, target]) => [name, target] as const))(
  "%s has the operations of its features, and no others",
  async (_, { features, operations, rolePolicy }) => {
    const { promote, clean, groups, addresses, loaded, reach, check } = await operations();
    const having = { promote, clean, groups, addresses, loaded, reach, check, roles: rolePolicy };
    const names = Object.entries(having).flatMap(([name, operation]) =>
      operation === undefined ? [] : [name],
    );
    // rolls are an operation of hosts
    expect(names.sort()).toEqual(features.filter((feature) => feature !== "roll").sort());
  },
);

interface Properties {
  properties: Record<string, Properties>;
}

interface Template {
  source: Record<string, object>;
  build: { sources: string[] }[];
}
