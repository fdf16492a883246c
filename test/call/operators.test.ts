import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { attempt } from "../../src/do/process.js";
import { CallLab, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { callLine, callLineInJson, samplesOf } from "../support/host-says.js";
import { proxiesWith } from "../support/proxies.js";

// Tools of operators on a host, as documented: kamctl, kamcmd, JSON-RPC, metrics, the log; and the settings enable_debug, debug_level,
// log_stderror, enable_jsonrpc, enable_metrics, http_port, http_allow.

const monitoring = "10.0.0.9"; // the lab's database host plays it
const recorder0 = "sip:10.0.0.3:5060;transport=udp";
const recorder1 = "sip:10.0.0.4:5080;transport=tcp";

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start(
      {
        proxies: proxiesWith({
          watched: {
            ...{ enable_jsonrpc: true, enable_metrics: true, http_port: 8099, http_allow: [monitoring] },
            ...{ enable_debug: true, debug_level: 3, log_stderror: true },
          },
          plain: { debug_level: -1, call_log_json: true },
        }),
        recorders: {
          recorder0: {
            ...{ private_ip_address: "10.0.0.3", siprec_port: 5060, siprec_protocol: "udp" },
            siprec_attrs: "weight=75",
          },
          recorder1: { private_ip_address: "10.0.0.4", siprec_attrs: "weight=25" },
        },
      },
      { relay },
    );
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  const states = async (): Promise<Record<string, string>> => {
    const list = await lab.proxy("watched").kamcmd("dispatcher.list");
    return Object.fromEntries(
      [...list.matchAll(/URI: (\S+)\s+FLAGS: (\w+)/g)].map(([, uri = "", flags = ""]) => [uri, flags]),
    );
  };
  const calls = (count: number, more = {}) =>
    lab.calls({
      targets: [lab.target("udp", "watched")],
      calls: count,
      holdMs: 100,
      rtp: { rate: 0 },
      ...more,
    });

  it("kamctl dispatcher show prints the table as the role's README does", async () => {
    const { stdout } = await lab.proxy("watched").run("kamctl", "dispatcher", "show");
    expect(stdout).toMatch(/1\|1\|sip:10\.0\.0\.3:5060;transport=udp\|0\|0\|weight=75\|recorder0/);
    expect(stdout).toMatch(/2\|1\|sip:10\.0\.0\.4:5080;transport=tcp\|0\|0\|weight=25\|recorder1/);
  });

  it("dispatcher.set_state takes a recorder out and lets it in again; dispatcher.list shows it", async () => {
    const { kamcmd } = bound(lab.proxy("watched"));
    await kamcmd("dispatcher.set_state", "dx", "1", recorder0);
    expect((await states())[recorder0]).toMatch(/^D/);
    expect((await calls(4)).summary.answeredBy).toEqual({ recorder1: 4 });
    await kamcmd("dispatcher.set_state", "ap", "1", recorder0);
    expect(await states()).toEqual({ [recorder0]: "AP", [recorder1]: expect.stringMatching(/^A/) as string });
  });

  it("dispatcher.reload takes over what was changed in the table", async () => {
    const { kamcmd } = bound(lab.proxy("watched"));
    const sql = (text: string) => lab.postgres?.query(text, "kamailio");
    await sql("UPDATE dispatcher SET priority = 7 WHERE description = 'recorder1'");
    await kamcmd("dispatcher.reload");
    expect(await kamcmd("dispatcher.list")).toMatch(/PRIORITY: 7/);
    await sql("UPDATE dispatcher SET priority = 0 WHERE description = 'recorder1'");
    await kamcmd("dispatcher.reload");
  });

  describe("over HTTP", () => {
    const curl = (from: string, path: string, address = "10.0.0.101") =>
      lab.on(
        ...([from, "curl", "-s", "-m", "3"] as const),
        ...["-w", "\n%{http_code}", `http://${address}:8099${path}`],
        ...["-d", '{"jsonrpc":"2.0","method":"core.uptime","id":7}'],
      );

    it("JSON-RPC answers those of http_allow, and nobody else", async () => {
      const { stdout } = await curl("database", "/RPC");
      const [text = "", status] = stdout.split(/\n(?=\d+$)/);
      expect(status).toBe("200");
      expect(JSON.parse(text)).toMatchObject({
        jsonrpc: "2.0",
        id: 7,
        result: { uptime: expect.any(Number) as number },
      });
      expect((await curl("recorder0", "/RPC")).stdout).toMatch(/Forbidden\s+403$/);
      expect((await curl("platform", "/RPC", "198.51.100.10")).stdout).toMatch(/Forbidden\s+403$/);
      expect((await curl("database", "/other")).stdout).toMatch(/404$/);
    });

    it("nobody listens where neither is enabled", async () => {
      expect((await curl("database", "/RPC", "10.0.0.102")).stdout).toBe("\n000");
    });

    const metrics = async () => {
      await lab.proxy("watched").step("exporter", "once");
      const { stdout } = await lab.on("database", "curl", "-s", "http://10.0.0.101:8099/metrics");
      return { exposition: stdout, values: samplesOf(stdout) };
    };

    it("metrics tell calls, dialogs, recorders, sessions of the relay and refusals", async () => {
      const proxy = lab.proxy("watched");
      const sessions = (one: Map<string, number>) =>
        [...one]
          .filter(([name]) => name.startsWith("sip_proxy_rtp_sessions"))
          .reduce((sum, [, n]) => sum + n, 0);
      await lab.postgres?.query(
        "INSERT INTO dispatcher (setid, destination, flags) VALUES (9, 'sip:rec.test:5060', 4)",
        "kamailio",
      );
      proxy.startWatch("dispatcher-sync");
      const before = await eventually(async () => {
        const { values } = await metrics();
        expect(values.get("sip_proxy_database_up")).toBe(1);
        expect(values.get('sip_proxy_recorder_name_resolves{name="rec.test"}')).toBe(0);
        return values;
      });
      const held = await lab.place({ targets: [lab.target("udp", "watched")], calls: 3, holdMs: null });
      expect(await held.allPlaced()).toMatchObject({ up: 3 });
      await lab.ask("stranger", { target: lab.target("udp", "watched"), count: 2, timeoutMs: 300 });
      await proxy.kamcmd("dispatcher.set_state", "dx", "1", recorder0);
      const during = (await metrics()).values;
      const relayed = 'sip_proxy_relayed_packets_total{relay="rtpengine@1",by="user"}'; // RTPProxy has no such counter
      expect(during.has(relayed)).toBe(relay === "rtpengine");
      await proxy.kamcmd("dispatcher.set_state", "ap", "1", recorder0);
      await held.byeAll();
      await held.finished;
      const { exposition, values: after } = await eventually(async () => {
        const now = await metrics();
        expect([now.values.get("sip_proxy_dialogs"), sessions(now.values)]).toEqual([0, 0]);
        return now;
      });
      expect(await attempt({ argv: ["promtool", "check", "metrics"], input: `${exposition}\n` })).toEqual({
        exitCode: 0,
        stdout: "",
        stderr: "",
      });
      expect(exposition).not.toMatch(/[{,]instance=/); // Prometheus renames it
      expect(after.get("sip_proxy_dispatcher_read_timestamp_seconds")).toBeGreaterThan(
        Date.now() / 1000 - 60,
      );
      expect(exposition).toMatch(/sip_proxy_build_info\{kamailio="\d+\.\d+\.\d+"\} 1/);
      const grown = (name: string) => (during.get(name) ?? NaN) - (before.get(name) ?? NaN);
      expect(grown("sip_proxy_calls_offered_total")).toBe(3);
      expect(grown("sip_proxy_calls_answered_total")).toBe(3);
      expect(grown("sip_proxy_call_setup_seconds_count")).toBe(3);
      expect(grown('sip_proxy_call_setup_seconds_bucket{le="+Inf"}')).toBe(3);
      expect(grown("sip_proxy_call_setup_seconds_sum")).toBeGreaterThan(0);
      expect(during.get("sip_proxy_calls_limit")).toBeGreaterThan(0);
      expect(grown('sip_proxy_dropped_packets_total{reason="stranger"}')).toBeGreaterThanOrEqual(2);
      expect([before, during, after].map((one) => one.get("sip_proxy_dialogs"))).toEqual([0, 3, 0]);
      expect([before, during, after].map(sessions)).toEqual([0, relay === "rtpproxy" ? 6 : 3, 0]);
      expect(during.get(`sip_proxy_recorder_up{set="1",recorder="recorder0",uri="${recorder0}"}`)).toBe(0);
      expect(during.get(`sip_proxy_recorder_up{set="1",recorder="recorder1",uri="${recorder1}"}`)).toBe(1);
      expect(during.get(`sip_proxy_recorder_disabled{set="1",recorder="recorder0",uri="${recorder0}"}`)).toBe(
        1,
      );
    });

    it("metrics tell what became of calls at each recorder", async () => {
      const count = (values: Map<string, number>, recorder: string, uri: string, outcome: string) =>
        values.get(
          `sip_proxy_recorder_calls_total{recorder="${recorder}",uri="${uri}",outcome="${outcome}"}`,
        ) ?? 0;
      const before = (await metrics()).values;
      await lab.recorder("recorder0").behave({ invite: 486 });
      await lab.recorder("recorder1").stop();
      await calls(1);
      await lab.recorder("recorder0").behave({ invite: "answer" });
      await calls(1);
      await lab.startRecorder("recorder1");
      const { values } = await metrics();
      const grown = (recorder: string, uri: string, outcome: string) =>
        count(values, recorder, uri, outcome) - count(before, recorder, uri, outcome);
      expect(grown("recorder0", recorder0, "486")).toBe(1);
      expect(grown("recorder0", recorder0, "answered")).toBe(1);
      expect(grown("recorder1", recorder1, "unreachable")).toBeGreaterThanOrEqual(1);
    });
  });

  it("each call is a line of the log, with who, where, how long and how it ended", async () => {
    const proxy = lab.proxy("watched");
    const began = performance.now();
    const { calls: placed } = await calls(1, { holdMs: 1200 });
    const most = (performance.now() - began) / 1000;
    await lab.recorder("recorder0").behave({ invite: 486 });
    await lab.recorder("recorder1").behave({ invite: 486 });
    const { calls: failed } = await calls(1);
    await lab.recorder("recorder0").behave({ invite: "answer" });
    await lab.recorder("recorder1").behave({ invite: "answer" });
    const line = (callId?: string) => callLine(proxy.log, callId);
    await eventually(() => expect(line(failed[0]?.callId)).toHaveProperty("event"));
    const ended = line(placed[0]?.callId);
    expect(Number(ended["duration_s"])).toBeGreaterThanOrEqual(1);
    expect(Number(ended["duration_s"])).toBeLessThanOrEqual(Math.ceil(most));
    expect(ended).toMatchObject({
      ...{ event: "ended", source: "udp:203.0.113.10:5060", status: "200", ended_by: "platform" },
      recorder: placed[0]?.answeredBy === "recorder0" ? recorder0 : recorder1,
      setup_ms: expect.stringMatching(/^\d+$/) as string,
    });
    expect(line(failed[0]?.callId)).toMatchObject({ event: "failed", status: "486", reason: "recorder" });
  });

  describe("enable_debug, debug_level and log_stderror", () => {
    it("debug_level is Kamailio's log level", async () => {
      expect(await lab.proxy("watched").kamcmd("cfg.get", "core", "debug")).toBe("3");
      expect(await lab.proxy("plain").kamcmd("cfg.get", "core", "debug")).toBe("-1");
    });

    it("enable_debug traces the script", async () => {
      await calls(1);
      const traced = (name: string) => lab.proxy(name).log.some((text) => /route=\[DISPATCH\]/.test(text));
      await lab.calls({ targets: [lab.target("udp", "plain")], calls: 1, holdMs: 0 });
      expect([traced("watched"), traced("plain")]).toEqual([true, false]);
    });

    it("call_log_json: a call's line in JSON", async () => {
      const plain = lab.proxy("plain");
      await plain.kamcmd("cfg.seti", "core", "debug", "1");
      const { calls: placed } = await lab.calls({
        targets: [lab.target("udp", "plain")],
        calls: 1,
        holdMs: 0,
      });
      await eventually(() => {
        expect(callLineInJson(plain.log, placed[0]?.callId)).toEqual({
          ...{ event: "ended", call_id: placed[0]?.callId, source: "udp:203.0.113.10:5060" },
          recorder: placed[0]?.answeredBy === "recorder0" ? recorder0 : recorder1,
          ...{
            status: 200,
            setup_ms: expect.any(Number) as number,
            duration_s: expect.any(Number) as number,
          },
          ended_by: "platform",
        });
      });
    });

    it("log_stderror sends the log to the terminal; else the terminal stays empty", async () => {
      // with the unit's arguments: the lab would add -E for the terminal
      const lines = async (name: string) => {
        const proxy = lab.proxy(name);
        await proxy.kill("kamailio");
        const start = "kamailio -DD -f /etc/kamailio/kamailio.cfg -m 64 -M 16 -u kamailio -g kamailio";
        const { stdout } = await proxy.run(
          "bash",
          "-c",
          `set -a; . /run/sip-proxy/database.env; ${start} 2>&1 & until kamcmd core.uptime >/dev/null 2>&1; do sleep 0.1; done; kill $!; wait`,
        );
        return stdout.split("\n").filter((text) => /(INFO|DEBUG|NOTICE): /.test(text)).length;
      };
      expect(await lines("watched")).toBeGreaterThan(10);
      expect(await lines("plain")).toBeLessThan(10);
    });
  });
});

/** Methods as plain functions, without an object. */
function bound(proxy: ReturnType<CallLab["proxy"]>) {
  return { kamcmd: (...words: string[]) => proxy.kamcmd(...words) };
}
