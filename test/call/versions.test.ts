import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attempt } from "../../src/do/process.js";
import { callsFromAll, ofEachKind, outcomes } from "../support/all-kinds.js";
import { CallLab } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { proxiesWith } from "../support/proxies.js";
import { inTime } from "../support/in-time.js";
import { allArrived, packetsByStream, untilAllGet } from "../support/recorded-packets.js";
import { databaseAddress } from "../support/lab-topology.js";
import { goneAndHeld, sessions } from "../support/sessions.js";
import { releaseTree } from "../support/release-tree.js";
import { slackFromNow } from "../support/slack.js";

// The other call tests use Kamailio 5.6 of Debian 12. The same static kamailio.cfg must work with later releases, each in a tree with its
// libraries, its rtpengine and its database schema. KAMAILIO_ROOT=FOLDER adds your own tree, such as one with a Kamailio 5.5 built from
// source.
const own = process.env["KAMAILIO_ROOT"];

describe.each([
  { from: "Debian trixie", root: () => releaseTree("trixie"), version: /kamailio 6\.0\./ },
  { from: "Debian unstable", root: () => releaseTree("unstable"), version: /kamailio 6\.[1-9]\./ },
  ...(own === undefined ? [] : [{ from: own, root: () => Promise.resolve(own), version: /kamailio \d/ }]),
])("the Kamailio of $from", ({ root, version }) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start(
      {
        settings: {
          enable_metrics: true,
          enable_jsonrpc: true,
          enable_antiflood: true,
          dialog_secret: "0123456789abcdef",
        },
        proxies: proxiesWith({ sipproxy0: {}, sipproxy1: {} }),
        // a primary, and a standby that is down
        database: { dbhost: [databaseAddress, databaseAddress], dbport: [5432, 5433] },
      },
      { root: await root() },
    );
  });
  afterAll(() => lab?.stop());

  it("is of the expected branch, and says nothing against the configuration", async () => {
    expect((await lab.proxy().run("kamailio", "-v")).stdout).toMatch(version);
    const start = lab.proxy().log.filter((line) => line.startsWith("kamailio: "));
    expect(start.filter((line) => /ERROR|CRITICAL|deprecated/i.test(line))).toEqual([]);
  });

  it("loads the dispatcher table from the server that answers, of several, whichever comes first", async () => {
    const proxy = lab.proxy();
    expect((await proxy.run("cat", "/run/sip-proxy/kamailio.env")).stdout).not.toContain(
      "WITH_LAST_GOOD_LIST",
    );
    for (const [n, ports] of ["5432,5433", "5433,5432"].entries()) {
      await proxy.run("sed", "-i", `s/^port=.*/port=${ports}/`, "/run/sip-proxy/pg_service.conf");
      const uri = `sip:10.0.0.${70 + n}:5060`;
      const sql = `INSERT INTO dispatcher (setid, destination, flags) VALUES (1, '${uri}', 4)`;
      await lab.postgres?.query(sql, "kamailio");
      expect(await proxy.kamcmd("dispatcher.reload")).toContain("successfully reloaded");
      expect(await proxy.kamcmd("dispatcher.list")).toContain(uri);
      await lab.postgres?.query(`DELETE FROM dispatcher WHERE destination = '${uri}'`, "kamailio");
    }
    expect(await proxy.kamcmd("dispatcher.reload")).toContain("successfully reloaded");
  });

  it("takes calls with their media from all kinds of platforms, over UDP and TCP", () =>
    inTime(lab, async () => {
      const reports = await callsFromAll(lab, { calls: 4, rate: 20, holdMs: 500, reinvite: "hold" });
      expect(outcomes(reports)).toEqual(ofEachKind({ ok: 4 }));
      await allArrived(lab, reports);
    }));

  it("goes on with calls of another proxy, whose Routes name that one", async () => {
    const platform = await lab.place({ calls: 4, rate: 40, holdMs: null });
    await platform.allPlaced();
    await platform.moveAll(lab.target("udp", "sipproxy1"), "kept");
    expect(await platform.reinviteAll("late")).toEqual({ 200: 4 });
    await untilAllGet(lab, await packetsByStream(lab));
    expect(await platform.requestAll("UPDATE")).toEqual({ 200: 4 });
    await platform.moveAll(lab.target("udp", "sipproxy1"), "before");
    await platform.byeAll();
    expect((await platform.finished).summary.outcomes.ok).toBe(4);
    await eventually(async () => expect(await sessions(lab, "sipproxy1")).toBe(0));
  });

  it("goes on to the next recorder when one refuses, and tells kamcmd", async () => {
    await lab.recorder("recorder0").behave({ invite: 503 });
    const reports = await callsFromAll(lab, { calls: 2, rate: 20, holdMs: 200 });
    expect(outcomes(reports)).toEqual(ofEachKind({ ok: 2 }));
    expect(await lab.proxy().kamcmd("dispatcher.list")).toContain("FLAGS:");
  });

  it("blames a call that no recorder serves, and lets recorders that serve none come back with the first that they serve", async () => {
    const brief = { calls: 4, rate: 20, holdMs: 50, sipPort: 0, rtp: { rate: 0 } };
    const recorders = [...lab.recorders.values()];
    for (const recorder of recorders) await recorder.behave({ invite: "answer", unservable: 500 });
    const bad = await lab.calls({ ...brief, headers: [["X-Unservable", "yes"]] });
    expect(bad.summary.byStatus).toEqual({ 503: 4 });
    expect((await lab.calls(brief)).summary.byStatus).toEqual({ 200: 4 });
    for (const recorder of recorders) await recorder.behave({ invite: 500 });
    await lab.calls({ ...brief, calls: 28, rate: 4 });
    expect(lab.proxy().log.join("\n")).toContain("fails calls, taken out");
    for (const recorder of recorders) await recorder.behave({ invite: "answer" });
    expect((await lab.calls(brief)).summary.byStatus).toEqual({ 200: 4 });
    // a recorder's 100 that another worker processes after the final answer is no fault
    const late = /status rewrite by UAS: stored: \d+, received: 100/;
    const said = lab
      .proxy()
      .log.filter((line) => /<core>.*(ERROR|WARN)|(ERROR|WARNING): .*(<core>|dispatcher|tm \[)/.test(line))
      .filter((line) => !late.test(line));
    expect(said).toEqual([]);
  });

  it("refuses calls in time while the relay hangs, and takes them when it answers again", async () => {
    const brief = { calls: 60, rate: 20, holdMs: 50, sipPort: 0, rtp: { rate: 0 } };
    await lab.proxy().hang("rtpengine", true);
    const slack = slackFromNow();
    const { calls, summary } = await lab.calls(brief);
    expect(summary.byStatus).toEqual({ 503: 60 });
    expect(Math.max(...calls.map(({ setUpMs }) => setUpMs))).toBeLessThan(2500 + slack());
    expect(await lab.ask()).toEqual([503]);
    await lab.proxy().hang("rtpengine", false);
    await eventually(async () => expect(await lab.ask()).toEqual([200]));
    expect((await lab.calls({ ...brief, calls: 4 })).summary.byStatus).toEqual({ 200: 4 });
  });

  it("tells the host's watch of calls what it needs: a call whose ends are gone is ended", async () => {
    await lab.proxy().run("sed", "-i", "s/^RTP_TIMEOUT=.*/RTP_TIMEOUT=20/", "/etc/sip-proxy/host.env");
    lab.proxy().startWatch("call-watch");
    const silent = { calls: 2, rate: 20, holdMs: null, sipPort: 0, rtp: { rate: 0 } };
    const { gone, onHold } = await goneAndHeld(lab, silent);
    await eventually(async () => expect(await sessions(lab)).toBe(2), 60_000);
    await eventually(async () => expect(await lab.proxy().kamcmd("dlg.stats_active")).toContain("all: 2"));
    expect((await onHold.reinviteAll())["200"]).toBe(2);
    await onHold.byeAll();
    await onHold.finished;
    gone.freeze(false);
  });

  it("survives a configuration check by its own parser", async () => {
    const { exitCode, stderr } = await attempt(
      lab.proxy().sandbox.command({ argv: ["kamailio", "-c", "-f", "/etc/kamailio/kamailio.cfg"] }),
    );
    expect(stderr).toContain("config file ok");
    expect(exitCode).toBe(0);
  });
});
