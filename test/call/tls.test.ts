import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CallLab } from "../support/call-lab.js";
import { certificate, type Certificate } from "../support/certificates.js";
import { inTime } from "../support/in-time.js";
import { Operator } from "../support/operator.js";
import { proxiesWith } from "../support/proxies.js";
import { allArrived } from "../support/recorded-packets.js";

// enable_tls, sip_tls_port, tls_max_connections, tls_certificate, tls_private_key, tls_ca, siprec_protocol tls, renewal.

const platformSide = { kind: "tcp-source-port" } as const;

let authority: Certificate;
let recorderCertificate: Certificate;
let given: Certificate;
let renewed: Certificate;
let lab: CallLab;

beforeAll(async () => {
  authority = await certificate("authority");
  recorderCertificate = await certificate("recorder", authority);
  [given, renewed] = await Promise.all([certificate("given"), certificate("renewed")]);
  const tls = { enable_tls: true };
  lab = await CallLab.start(
    {
      proxies: proxiesWith({
        selfsigned: { ...tls, sip_tls_port: 5161, tls_max_connections: 4 },
        literal: { ...tls, tls_certificate: given.cert, tls_private_key: given.key, tls_ca: authority.cert },
        path: { ...tls, tls_certificate: "/etc/pki/proxy.pem", tls_private_key: "/etc/pki/proxy.key" },
        suspicious: { ...tls, tls_ca: renewed.cert },
      }),
      recorders: { recorder0: { private_ip_address: "10.0.0.3", siprec_port: 5061, siprec_protocol: "tls" } },
    },
    {
      recorder: { tls: { cert: recorderCertificate.cert, key: recorderCertificate.key } },
      files: [
        { path: "etc/pki/proxy.pem", content: given.cert },
        { path: "etc/pki/proxy.key", content: given.key, mode: 0o600 },
      ],
    },
  );
});
afterEach(() => lab.forget());
afterAll(() => lab?.stop());

/** The fingerprint of the certificate that a proxy presents. */
async function shown(proxy: string): Promise<string> {
  const { address, port } = lab.target("tls", proxy);
  const ask = `openssl s_client -connect ${address}:${port} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`;
  return (await lab.on("platform", "bash", "-c", ask)).stdout;
}

describe.each(["selfsigned", "literal", "path"])("with a certificate that is %s", (proxy) => {
  it("calls come in over TLS and go to the recorder over TLS, from either side", () =>
    inTime(lab, async () => {
      const job = {
        ...platformSide,
        targets: [lab.target("tls", proxy)],
        calls: 3,
        reinvite: "once" as const,
      };
      const { calls, summary } = await lab.calls({ ...job, holdMs: 800 });
      expect(summary).toMatchObject({ errors: {}, outcomes: { ok: 3 }, answeredBy: { recorder0: 3 } });
      await allArrived(lab, [{ calls }]);
      for (const call of calls) {
        expect(call.recordRoutes.join()).toContain("transport=tls");
      }
      for (const { source, via } of lab.recorder("recorder0").invites) {
        expect(source.transport).toBe("tls");
        expect(via[0]).toMatch(new RegExp(`^SIP/2.0/TLS ${lab.host(proxy).private_ip_address}:5071`));
      }
      const held = await lab.place({ ...job, reinvite: "none", holdMs: null });
      expect(await held.allPlaced()).toMatchObject({ up: 3 });
      await lab.acknowledged();
      expect(await lab.recorder("recorder0").bye()).toEqual({ status: 200, count: 3 });
      expect((await held.finished).calls.map(({ byeBy }) => byeBy)).toEqual(Array(3).fill("recorder"));
    }));
});

it("each proxy shows its own certificate: the given one, or one that it made with its addresses", async () => {
  expect(await shown("literal")).toBe(given.fingerprint);
  expect(await shown("path")).toBe(given.fingerprint);
  const { stdout } = await lab
    .proxy("selfsigned")
    .run("openssl", "x509", "-in", "/run/sip-proxy/tls/certificate.pem", "-noout", "-ext", "subjectAltName");
  const { public_ip_address, private_ip_address } = lab.host("selfsigned");
  expect(stdout).toContain(`IP Address:${private_ip_address}, IP Address:${public_ip_address}`);
});

it("tls_ca: a recorder whose certificate is of another authority gets no call", async () => {
  const job = { ...platformSide, targets: [lab.target("tls", "suspicious")], calls: 1, holdMs: 100 };
  expect((await lab.calls(job)).summary.byStatus).toEqual({ 503: 1 });
  expect((await lab.recorder("recorder0").totals()).active).toBe(0);
});

it("tls_max_connections: of eight connections those few are taken", async () => {
  const job = { ...platformSide, calls: 8, connections: 8, holdMs: 1500, rate: 20, connectTimeoutMs: 5000 };
  const many = {
    ...job,
    rtp: { rate: 0 },
    timers: { giveUp: 5000 },
    targets: [lab.target("tls", "selfsigned")],
  };
  const { summary } = await lab.calls(many);
  // the limit of four includes the connections to the recorder
  expect(summary.outcomes.ok).toBeGreaterThan(0);
  expect(summary.outcomes.ok).toBeLessThanOrEqual(4);
});

it("without enable_tls nobody listens, and TLS recorders are a fault of the fleet file (test/errors/tls.yaml)", async () => {
  const { address } = lab.target("tls", "literal");
  const ask = await lab.on("platform", "bash", "-c", `exec 3<>/dev/tcp/${address}/5161`);
  expect(ask.exitCode).not.toBe(0);
});

describe("renewal", () => {
  it("tls rotate brings the fleet file's pair to every host; a running call and its connection go on", async () => {
    const operator = new Operator(lab);
    try {
      const held = await lab.place({
        ...platformSide,
        ...{ targets: [lab.target("tls", "literal")], calls: 2, holdMs: null },
      });
      expect(await held.allPlaced()).toMatchObject({ up: 2 });
      operator.replace(given.cert, renewed.cert);
      operator.replace(given.key, renewed.key);
      const { exitCode, stderr } = await operator.run("tls rotate", "--ssh");
      expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/literal: in use: subject=.*renewed/)]);
      expect(await shown("literal")).toBe(renewed.fingerprint);
      expect(await held.reinviteAll()).toEqual({ 200: 2 });
      await held.byeAll();
      expect((await held.finished).summary).toMatchObject({ errors: {}, outcomes: { ok: 2 } });
    } finally {
      operator.remove();
    }
  });

  it("takes a new certificate without a restart; a running call and its connection go on", async () => {
    const proxy = lab.proxy("path");
    const started = await proxy.kamcmd("core.uptime");
    const target = lab.target("tls", "path");
    const held = await lab.place({ ...platformSide, targets: [target], calls: 2, holdMs: null });
    expect(await held.allPlaced()).toMatchObject({ up: 2 });
    for (const [file, text] of [
      ["proxy.pem", renewed.cert],
      ["proxy.key", renewed.key],
    ] as const) {
      await proxy.run(
        "bash",
        "-c",
        `base64 -d <<<'${Buffer.from(text).toString("base64")}' >/etc/pki/${file}`,
      );
    }
    expect(await proxy.step("tls-renew", "once")).toContain("new certificate is in use");
    expect(await shown("path")).toBe(renewed.fingerprint);
    expect(await held.reinviteAll()).toEqual({ 200: 2 });
    await held.byeAll();
    expect((await held.finished).summary).toMatchObject({ errors: {}, outcomes: { ok: 2 } });
    const since = (text: string) => /up_since: (.*)/.exec(text)?.[1];
    expect(since(await proxy.kamcmd("core.uptime"))).toBe(since(started));
    const fresh = await lab.calls({ ...platformSide, targets: [target], calls: 2, holdMs: 200 });
    expect(fresh.summary.outcomes.ok).toBe(2);
  });

  it("keeps what it has when the new one is no good", async () => {
    const proxy = lab.proxy("path");
    const before = await shown("path");
    await proxy.run("bash", "-c", "echo nonsense >/etc/pki/proxy.pem");
    await proxy.run("bash", "-c", "/usr/lib/sip-proxy/tls-renew once || true");
    expect(await shown("path")).toBe(before);
  });
});
