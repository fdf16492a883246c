import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CallLab } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { NameServer } from "../support/name-server.js";
import { ofProxies, releaseTree } from "../support/release-tree.js";
import { slackFromNow } from "../support/slack.js";

// Recorders by host name with Kamailio of later releases, and with systemd-resolved as the host's resolver, which also answers from
// /etc/hosts. test/call/follows-table has the requirements, with Debian 12.

/** resolv.conf of systemd-resolved's package, with the stub's address. */
const stub = "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n";
const resolved = {
  path: "etc/systemd/resolved.conf",
  content: "[Resolve]\nDNS=127.0.0.1\nCache=no\nDNSSEC=no\n",
};
/** Part of images. Without it, DNS is queried for the host's own name, which takes 10 s while no server answers. */
const ownName = "libnss-myhostname";
const named = "sip:recorder.test:5060;transport=udp";

describe.each([
  {
    from: "Debian trixie, systemd-resolved",
    behindResolved: true,
    root: () => releaseTree("trixie", [...ofProxies, ownName, "systemd-resolved"]),
  },
  {
    from: "Debian unstable",
    behindResolved: false,
    root: () => releaseTree("unstable", [...ofProxies, ownName]),
  },
])("recorders by name: $from", ({ behindResolved, root }) => {
  let lab: CallLab;
  let dns: NameServer;
  beforeAll(async () => {
    const content = behindResolved ? stub : "nameserver 127.0.0.1\n";
    const files = [{ path: "etc/resolv.conf", content }, ...(behindResolved ? [resolved] : [])];
    const udp = { siprec_port: 5060, siprec_protocol: "udp" };
    const recorders = {
      recorder0: { private_ip_address: "10.0.0.3", ...udp },
      recorder1: { private_ip_address: "10.0.0.4", ...udp },
    };
    lab = await CallLab.start({ recorders }, { root: await root(), files });
    dns = new NameServer(lab);
    await dns.start();
    if (behindResolved) {
      const start =
        "install -d -o systemd-resolve -g systemd-resolve /run/systemd/resolve; nohup /usr/lib/systemd/systemd-resolved >/run/resolved.log 2>&1 &";
      await lab.proxy().run("bash", "-c", start);
      await eventually(() =>
        lab.proxy().run("grep", "-x", "nameserver 127.0.0.1", "/run/systemd/resolve/resolv.conf"),
      );
    }
    await dns.zone("recorder.test 10.0.0.3");
    await lab.proxy().run("sed", "-i", "s/^DISPATCHER_POLL=.*/DISPATCHER_POLL=1/", "/etc/sip-proxy/host.env");
    const insert = `DELETE FROM dispatcher; INSERT INTO dispatcher (setid, destination) VALUES (1, '${named}')`;
    await lab.postgres?.query(insert, "kamailio");
    lab.proxy().startWatch("dispatcher-sync");
  });
  afterAll(() => lab?.stop());

  /** Waits until all calls of a test go to this recorder: a reload or a start may still be running. */
  const goTo = (name: string) =>
    eventually(async () => {
      const { summary } = await lab.calls({ calls: 2, holdMs: 10, sipPort: 0 });
      expect(summary.answeredBy).toEqual({ [name]: 2 });
    });
  const askStub = async () => {
    const ask = `import dns.resolver as r; a = r.Resolver(configure=False); a.nameservers = ["127.0.0.53"]; print(a.resolve("recorder.test")[0])`;
    return (await lab.proxy().run("/usr/bin/python3", "-c", ask)).stdout.trim();
  };
  const told = () => lab.proxy().log.join("\n");

  it("calls go to the name's address, follow it, and go on when no server answers, also after a restart", async () => {
    await eventually(async () => expect(await lab.proxy().kamcmd("dispatcher.list")).toContain(named));
    await goTo("recorder0");
    await dns.zone("recorder.test 10.0.0.4");
    await goTo("recorder1");
    await dns.silent();
    await eventually(() =>
      expect(told()).toContain("(no server answers): its last address 10.0.0.4 is used"),
    );
    await goTo("recorder1");
    // this answer comes from /etc/hosts, not from a server
    if (behindResolved) expect(await askStub()).toBe("10.0.0.4");
    await lab.proxy().kill("kamailio");
    const began = performance.now();
    const slack = slackFromNow();
    await lab.proxy().startKamailio();
    expect(performance.now() - began).toBeLessThan(8000 + slack());
    await goTo("recorder1");
    await dns.zone("recorder.test 10.0.0.3");
    await goTo("recorder0");
  });
});
