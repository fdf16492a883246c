import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Call } from "../../src/compute/operate/call.js";
import type { Finding } from "../../src/compute/operate/finding.js";
import { CallLab, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { Operator } from "../support/operator.js";
import { proxiesWith } from "../support/proxies.js";
import { traceCases } from "../support/trace-cases.js";

// Commands for two proxies, over SSH.

const uri = { recorder0: "sip:10.0.0.3:5060;transport=udp", recorder1: "sip:10.0.0.4:5080;transport=tcp" };

interface Listed {
  recorder: string;
  service: string;
  hosts: Record<string, { flags: string; calls: number }>;
}

withEachRelay((relay) => {
  let lab: CallLab;
  let operator: Operator;
  beforeAll(async () => {
    lab = await CallLab.start({ proxies: proxiesWith({ one: {}, two: { enable_tls: true } }) }, { relay });
    for (const name of ["one", "two"]) lab.proxy(name).startWatch("dispatcher-sync");
    operator = new Operator(lab);
  });
  afterEach(() => lab.forget());
  afterAll(async () => {
    operator?.remove();
    await lab?.stop();
  });

  const place = (name: string, calls: number) =>
    lab.place({ targets: [lab.target("udp", name)], calls, holdMs: null, sipPort: 0 });
  const listed = async () => {
    const lines = await operator.json<Listed[]>("dispatcher list", "--ssh");
    return Object.fromEntries(lines.map((line) => [line.recorder, line]));
  };

  it("drain: no new calls, whatever is reloaded, seeded, or fails; it ends with the last call; undrain", async () => {
    const platforms = [await place("one", 4), await place("two", 4)];
    for (const platform of platforms) expect(await platform.allPlaced()).toMatchObject({ up: 4 });
    const before = await listed();
    const calls = (name: string) => before["recorder0"]?.hosts[name]?.calls ?? 0;
    expect(calls("one") + calls("two")).toBeGreaterThan(0);

    let ended = false;
    const draining = operator
      .run("dispatcher drain", "recorder0", "--ssh", "--json")
      .finally(() => (ended = true));
    await eventually(async () => {
      const { recorder0 } = await listed();
      expect(recorder0).toMatchObject({
        service: "drained",
        hosts: { one: { flags: "DX" }, two: { flags: "DX" } },
      });
    });
    // nothing that writes the row may change the drained state
    expect((await operator.run("db seed")).exitCode).toBe(0);
    await lab.postgres?.query("UPDATE dispatcher SET flags = 0 WHERE description = 'recorder0'", "kamailio");
    expect((await operator.run("dispatcher reload")).exitCode).toBe(0);
    await lab.proxy("one").kamcmd("dispatcher.reload");
    // like a failed call
    await lab.proxy("two").kamcmd("dispatcher.set_state", "ip", "1", uri.recorder0);
    await eventually(async () =>
      expect((await listed())["recorder0"]?.hosts).toMatchObject({
        one: { flags: "DX" },
        two: { flags: "DX" },
      }),
    );
    await lab.proxy("one").kill("kamailio");
    await lab.proxy("one").startKamailio();
    for (const name of ["one", "two"]) {
      const { summary } = await lab.calls({
        targets: [lab.target("udp", name)],
        calls: 4,
        holdMs: 100,
        rtp: { rate: 0 },
        sipPort: 0,
      });
      expect(summary.answeredBy).toEqual({ recorder1: 4 });
    }
    expect((await operator.run("db diff")).stdout).toMatch(/recorder0 +row 1, drained$/m);
    expect(ended).toBe(false);

    for (const platform of platforms) await platform.byeAll();
    for (const platform of platforms)
      expect((await platform.finished).summary).toMatchObject({ outcomes: { ok: 4 }, errors: {} });
    const { exitCode, stdout } = await draining;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      recorder: "recorder0",
      left: [
        { host: "one", calls: 0 },
        { host: "two", calls: 0 },
      ],
    });

    expect((await operator.run("dispatcher undrain", "recorder0", "--ssh")).exitCode).toBe(0);
    const { recorder0 } = await listed();
    expect(recorder0?.service).toBe("in service");
    for (const { flags } of Object.values(recorder0?.hosts ?? {})) expect(flags).toMatch(/^A/);
    expect((await operator.run("db diff")).exitCode).toBe(0);
  });

  it("set-state gives a recorder a state on every host", async () => {
    expect((await operator.run("dispatcher set-state", "disabled", "recorder1", "--ssh")).exitCode).toBe(0);
    expect((await listed())["recorder1"]).toMatchObject({
      service: "in service",
      hosts: { one: { flags: "DX" }, two: { flags: "DX" } },
    });
    expect((await operator.run("dispatcher set-state", "active", uri.recorder1, "--ssh")).exitCode).toBe(0);
    expect((await listed())["recorder1"]?.hosts["one"]?.flags).toMatch(/^A/);
  });

  it("drain refuses the last recorder of a set, also when two are drained at once; --force drains it", async () => {
    const drain = (...words: string[]) => operator.run("dispatcher drain", ...words, "--no-wait");
    const both = await Promise.all([drain("recorder0"), drain("recorder1")]);
    expect(both.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
    expect(both.map(({ stderr }) => stderr).join("")).toMatch(
      /no other recorder of set 1 is in service[\s\S]*--force/,
    );
    const [out, last] = both[0].exitCode === 0 ? ["recorder0", "recorder1"] : ["recorder1", "recorder0"];
    expect((await drain(out)).exitCode).toBe(0);
    expect((await drain(last, "--force")).exitCode).toBe(0);
    expect((await drain(last)).exitCode).toBe(0);
    for (const recorder of [out, last])
      expect((await operator.run("dispatcher undrain", recorder, "--ssh")).exitCode).toBe(0);
  });

  it("calls tells who calls, which recorder has it, and what came and left of each stream", async () => {
    const platform = await lab.place({
      targets: [lab.target("udp", "one")],
      calls: 2,
      holdMs: null,
      sipPort: 0,
    });
    expect(await platform.allPlaced()).toMatchObject({ up: 2 });
    const calls = await eventually(async () => {
      const found = await operator.json<(Call & { host: string })[]>("calls", "--ssh");
      expect(found.map(({ state }) => state)).toEqual(["up", "up"]);
      for (const { streams } of found) for (const { packets } of streams) expect(packets).toBeGreaterThan(5);
      return found;
    });
    for (const { host, source, recorder, age_s, streams } of calls) {
      expect([host, source]).toEqual(["one", expect.stringMatching(/^udp:203\.0\.113\.10:\d+$/)]);
      expect(Object.values(uri)).toContain(recorder);
      expect(age_s).toBeLessThan(600);
      expect(streams.map(({ stream }) => stream)).toEqual([1, 2]);
      expect(streams.every(({ lost }) => lost === (relay === "rtpproxy" ? 0 : null))).toBe(true);
    }
    const { stdout } = await operator.run("calls", "one", "--ssh");
    expect(stdout).toMatch(/^one +\S+ +up +\d+:\d\d +udp:203\.0\.113\.10:\d+ +recorder[01] +1: \d+ packets/m);
    await platform.byeAll();
    await platform.finished;
    expect(await operator.json("calls", "--ssh")).toEqual([]);
  });

  traceCases(() => ({ lab, operator }));

  it("drain and undrain: a host gets no new calls, and it ends with its last one", async () => {
    const platform = await place("one", 2);
    expect(await platform.allPlaced()).toMatchObject({ up: 2 });
    const draining = operator.run("drain", "one", "--ssh", "--json");
    await eventually(async () =>
      expect(await lab.ask("platform", { target: lab.target("udp", "one") })).toEqual([503]),
    );
    await platform.byeAll();
    expect((await platform.finished).summary).toMatchObject({ outcomes: { ok: 2 }, errors: {} });
    expect(JSON.parse((await draining).stdout)).toMatchObject({ hosts: ["one"], drained: true });
    const again = await operator.run("undrain", "one", "--ssh");
    expect(again.exitCode).toBe(0);
    expect(await lab.ask("platform", { target: lab.target("udp", "one") })).toEqual([200]);
    const unknown = await operator.run("drain", "three", "--ssh");
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringMatching(/one, two/)]);
  });

  it("doctor finds what is wrong, and says the way out", async () => {
    const findings = async () => {
      const { stdout } = await operator.run("doctor", "two", "--ssh", "--json");
      return (JSON.parse(stdout) as { two: Finding[] }).two;
    };
    const of = (all: Finding[], subject: string) => all.filter((each) => each.subject === subject);
    const well = await findings();
    // the lab's hosts have no systemd
    expect(well.filter(({ state }) => state === "bad").every(({ subject }) => subject === "units")).toBe(
      true,
    );
    for (const subject of [
      "addresses",
      "listeners",
      "relay",
      "calls",
      "list",
      "recorders",
      "database",
      "disk",
      "memory",
    ])
      expect([subject, of(well, subject)[0]?.state]).toEqual([subject, expect.stringMatching(/^(ok|note)$/)]);
    await lab.proxy("two").run("sip-proxy-drain", "start");
    await lab.proxy("two").kamcmd("dispatcher.set_state", "dx", "1", uri.recorder1);
    await lab.proxy("two").hang(relay, true);
    try {
      const ill = await findings();
      expect(of(ill, "draining")[0]?.wayOut).toBe("sip-proxy undrain FLEET two");
      expect(of(ill, "recorder")[0]?.finding).toBe(`${uri.recorder1} is disabled`);
      expect(of(ill, "relay")[0]).toMatchObject({
        state: "bad",
        finding: expect.stringMatching(/ does not answer on its control address$/) as string,
      });
    } finally {
      await lab.proxy("two").hang(relay, false);
    }
  });

  // the last test, because the lab itself uses the old password
  it("db rotate changes the password in the database and on every host; calls go on", async () => {
    const platform = await place("one", 2);
    expect(await platform.allPlaced()).toMatchObject({ up: 2 });
    const former = "it's \\ a:secret \"$`";
    const old = operator.keep("old", former);
    operator.replace(former, "the: new \\ one's");
    const { exitCode, stdout, stderr } = await operator.run("db rotate", "--old-password-file", old, "--ssh");
    expect([exitCode, stdout, stderr]).toEqual([0, "", expect.stringMatching(/one: in use\ntwo: in use/)]);
    expect(stderr).not.toContain("one's");
    await lab.postgres?.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kamailio'",
    );
    await lab.postgres?.query(
      "UPDATE dispatcher SET priority = 7 WHERE description = 'recorder1'",
      "kamailio",
    );
    for (const name of ["one", "two"])
      await eventually(async () =>
        expect(await lab.proxy(name).kamcmd("dispatcher.list")).toMatch(/PRIORITY: 7/),
      );
    // a second run has nothing to do
    expect((await operator.run("db rotate", "--ssh")).exitCode).toBe(0);
    await platform.byeAll();
    expect((await platform.finished).summary).toMatchObject({ outcomes: { ok: 2 }, errors: {} });
  });
});
