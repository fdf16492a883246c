import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Detour } from "../../src/lab/sip/dialog.js";
import { ofEachKind, outcomes, placeFromAll, type AllPlatforms } from "../support/all-kinds.js";
import { CallLab, kinds, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { proxiesWith } from "../support/proxies.js";
import { packetsByStream, untilAllGet } from "../support/recorded-packets.js";
import { sessions } from "../support/sessions.js";

// A platform continues calls of sipproxy0 through sipproxy1.

const secret = 'the fleet\'s "own" $ecret \\ of all';
const next = "1f0c7d2a9be84635a7d0";
const proxies = proxiesWith({ sipproxy0: {}, sipproxy1: {} });

/** Calls of each kind of platform: 20 in total. */
const calls = 20 / kinds.length;

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ settings: { dialog_secret: secret }, proxies }, { relay });
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  const place = async () => {
    const all = await placeFromAll(lab, { calls, rate: 40, holdMs: null });
    expect(await all.each((platform) => platform.allPlaced().then(({ up }) => up))).toEqual(
      ofEachKind(calls),
    );
    return all;
  };
  const move = (all: AllPlatforms, detour: Detour) =>
    Promise.all(
      all.platforms.map(({ platform }, index) =>
        platform.moveAll(lab.target(kinds[index]?.transport, "sipproxy1"), detour),
      ),
    );
  const end = async (all: AllPlatforms) => {
    await all.each((platform) => platform.byeAll());
    expect(outcomes(await all.finished())).toEqual(ofEachKind({ ok: calls }));
    await eventually(async () => expect(await sessions(lab, "sipproxy1")).toBe(0));
  };
  const expectAnswers = async (all: AllPlatforms, ask: Parameters<AllPlatforms["each"]>[0], status = 200) =>
    expect(await all.each(ask)).toEqual(ofEachKind({ [status]: calls }));

  it("UPDATE and re-INVITE, its Route still naming the first proxy", async () => {
    const all = await place();
    await move(all, "kept");
    await expectAnswers(all, (platform) => platform.requestAll("UPDATE"));
    await goOn(lab);
    await expectAnswers(all, (platform) => platform.reinviteAll());
    await end(all);
  });

  it("a re-INVITE without an offer, its Route naming the second proxy instead", async () => {
    const all = await place();
    await move(all, "replaced");
    await expectAnswers(all, (platform) => platform.reinviteAll("late"));
    await goOn(lab);
    await expectAnswers(all, (platform) => platform.requestAll("INFO"));
    await end(all);
  });

  it("no ACK of a refusal, a full or draining proxy's, goes on to the recorder", async () => {
    const stray = async () => {
      const totals = await Promise.all([...lab.recorders.values()].map((recorder) => recorder.totals()));
      return totals.reduce((sum, each) => sum + each.stray, 0);
    };
    const drain = (value: string) =>
      lab.proxy("sipproxy1").kamcmd("cfg.set_now_int", "proxy", "draining", value);
    const before = await stray();
    const all = await place();
    await move(all, "kept");
    await drain("1");
    await expectAnswers(all, (platform) => platform.reinviteAll(), 503);
    await drain("0");
    await expectAnswers(all, (platform) => platform.reinviteAll());
    await all.each((platform) => platform.byeAll());
    await all.finished();
    await lab.recorded();
    expect(await stray()).toBe(before);
  });

  it("BYE alone, a Route of the second proxy before the others", async () => {
    const all = await place();
    await move(all, "before");
    await end(all);
  });

  it.runIf(relay === "rtpengine")(
    "nobody gets through without the mark of the call, or to others than recorders",
    async () => {
      const platform = await lab.place({ calls: 1, holdMs: 100 });
      await platform.finished;
      const [call] = platform.calls;
      const routes = [...(call?.recordRoutes ?? [])].reverse();
      const recorder = /<(.*)>/.exec(call?.contact ?? "")?.[1] ?? "";
      const ask = async (to: string, callId: string, route: string[]) => {
        const target = lab.target("udp", "sipproxy1");
        const text = inDialog("INFO", to, callId, route);
        const [answer] = await lab.send({ text }, "platform", { target, replies: 1 });
        return answer?.split("\r\n")[0];
      };
      const unknown = async () => {
        const totals = await Promise.all([...lab.recorders.values()].map((recorder) => recorder.totals()));
        return totals.reduce((sum, { unknownDialog }) => sum + unknownDialog, 0);
      };
      const callId = call?.callId ?? "";
      // the call is over: this answer comes from the recorder
      expect(await ask(recorder, callId, routes)).toMatch(/^SIP\/2.0 481 /);
      expect(await unknown()).toBe(1);
      expect(await ask("sip:192.0.2.66:5060", callId, routes)).toBe("SIP/2.0 403 Forbidden");
      const forged = routes.map((route) => route.replace(/;fleet=\w+/, `;fleet=${"0".repeat(24)}`));
      const unmarked = routes.map((route) => route.replace(/;fleet=\w+/, ""));
      for (const wrong of [forged, unmarked]) expect(await ask(recorder, callId, wrong)).toMatch(/ 481 /);
      expect(await ask(recorder, `another-${callId}`, routes)).toMatch(/ 481 /);
      expect(await unknown()).toBe(1);
    },
  );

  it("20 of 20 calls go on recording after their proxy was killed", async () => {
    const all = await place();
    // the host goes too: a running host would refuse packets, and the platform would report that
    await lab.network.cut("sipproxy0");
    await lab.proxy("sipproxy0").kill("kamailio");
    await move(all, "kept");
    await expectAnswers(all, (platform) => platform.reinviteAll());
    await goOn(lab);
    await end(all);
    await lab.network.mend("sipproxy0");
    await lab.proxy("sipproxy0").startKamailio();
  });

  it.runIf(relay === "rtpengine")("while the secret is exchanged, and not after", async () => {
    const all = await place();
    await restartWith(lab, next, secret);
    await move(all, "kept");
    await expectAnswers(all, (platform) => platform.reinviteAll());
    await goOn(lab);
    await restartWith(lab, next);
    await expectAnswers(all, (platform) => platform.reinviteAll(), 481);
    await all.each((platform) => platform.byeAll());
    await all.finished();
  });
});

/** Waits until each stream of the 20 calls has received further packets. */
async function goOn(lab: CallLab): Promise<void> {
  const before = await packetsByStream(lab);
  expect(before.size).toBe(2 * 20);
  await untilAllGet(lab, before);
}

/** Gives the second proxy other secrets, and restarts it. */
async function restartWith(lab: CallLab, own: string, other = ""): Promise<void> {
  const proxy = lab.proxy("sipproxy1");
  const put = `cd /etc/sip-proxy/secrets; rm -f /run/sip-proxy/secrets/dialog_*; rm -f dialog_*
    printf %s "$1" >dialog_secret; [[ -z $2 ]] || printf %s "$2" >dialog_secret_other`;
  await proxy.run("bash", "-c", put, "put", own, other);
  await proxy.step("configure");
  await proxy.kill("kamailio");
  await proxy.startKamailio();
}

function inDialog(method: string, uri: string, callId: string, routes: string[]): string {
  return [
    `${method} ${uri} SIP/2.0`,
    "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
    ...routes.map((route) => `Route: ${route}`),
    "From: <sip:platform@{address}>;tag={tag}",
    "To: <sip:recorder@198.51.100.10>;tag=there",
    `Call-ID: ${callId}`,
    `CSeq: 9 ${method}`,
    "Max-Forwards: 70",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}
