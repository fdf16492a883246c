import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newMetadata } from "../../src/lab/metadata.js";
import { offerBody } from "../../src/lab/platform/offer.js";
import { speakers } from "../../src/lab/siprec.js";
import { attempt } from "../../src/do/process.js";
import { callers, type Caller, type CallLab } from "../support/call-lab.js";

/** Calls without real media: with the lab's platform and its sockets for each stream, the row would measure the platform. */
export interface SippJob {
  calls: number;
  /** New calls per second. */
  rate: number;
  /** Milliseconds from the answer to the BYE. */
  holdMs: number;
}

export interface SippReport {
  successful: number;
  failed: number;
  retransmissions: number;
  /** New calls per second, over the whole run. */
  rate: number;
  /** SIPp's first error message. */
  fault: string;
}

/** Places SIPREC calls with SIPp (package sip-tester) over UDP, from one address and port of a platform. */
export async function sippCalls(
  lab: CallLab,
  { calls, rate, holdMs }: SippJob,
  caller: Caller = "platform",
): Promise<SippReport> {
  const { address, port } = lab.target();
  const load = ["-r", String(rate), "-m", String(calls), "-l", String(rate * 60)];
  return sipp(lab, caller, {
    scenario: siprecScenario(holdMs),
    words: [`${address}:${port}`, "-i", callers[caller].address, "-p", "5060", ...load],
    timeout: (calls / rate + 120) * 1000,
  });
}

export interface SippRun {
  /** Our scenario as XML; otherwise `words` name a scenario of SIPp (`-sn`). */
  scenario?: string;
  words: string[];
  /** Milliseconds. */
  timeout: number;
  /** Ends SIPp earlier. */
  signal?: AbortSignal;
}

/** Runs SIPp on a host of the lab, in a temporary folder; returns its counts. */
export async function sipp(lab: CallLab, host: string, run: SippRun): Promise<SippReport> {
  const folder = await mkdtemp(join(tmpdir(), "sipp-"));
  const [file, statistics] = [join(folder, "scenario.xml"), join(folder, "statistics.csv")];
  const errors = join(folder, "errors");
  try {
    await writeFile(errors, "");
    if (run.scenario !== undefined) await writeFile(file, run.scenario);
    // SIPp's scenarios look for their media files in this folder
    await symlink("/usr/share/sip-tester", join(folder, "pcap"));
    const scenario = run.scenario === undefined ? [] : ["-sf", file];
    const tell = ["-trace_stat", "-fd", "10", "-stf", statistics, "-nostdin"];
    const faults = ["-trace_err", "-error_file", errors];
    await attempt({
      argv: lab.network.inNamespace(host, ["sipp", ...run.words, ...scenario, ...tell, ...faults]),
      timeout: run.timeout,
      cwd: folder,
      env: { TERM: "dumb" },
      ...(run.signal && { signal: run.signal }),
    });
    const last = lastRow(await readFile(statistics, "utf8"));
    return {
      successful: Number(last["SuccessfulCall(C)"]),
      failed: Number(last["FailedCall(C)"]),
      retransmissions: Number(last["Retransmissions(C)"]),
      rate: Number(last["CallRate(C)"]),
      fault: (await readFile(errors, "utf8")).split("\n").find((line) => /bort|fail/i.test(line)) ?? "",
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The last line of SIPp's statistics, by column name. Totals since the start have names that end with (C). */
function lastRow(csv: string): Record<string, string> {
  const [names = "", ...rows] = csv.trimEnd().split("\n");
  const values = (rows.at(-1) ?? "").split(";");
  return Object.fromEntries(names.split(";").map((name, i) => [name, values[i] ?? ""]));
}

/** A SIPp scenario of one call: INVITE with two streams and metadata, 200, ACK, pause, BYE, with the route set; or a `refusal`. */
export function siprecScenario(holdMs: number, refusal = 0): string {
  const media = { address: "[local_ip]", ports: [40_000, 40_002] };
  const metadata = newMetadata(speakers(1), new Date());
  const session = { metadata, variant: "plain", media, sessionId: 1 } as const;
  const { contentType, body } = offerBody(session, 1, "sendonly");
  const request = (method: string, uri: string, to: string, more: string[]) =>
    [
      `${method} ${uri} SIP/2.0`,
      "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
      "Max-Forwards: 70",
      "From: <sip:platform@[local_ip]:[local_port]>;tag=[pid]s[call_number]",
      `To: <sip:recorder@[remote_ip]:[remote_port]>${to}`,
      "Call-ID: [call_id]",
      ...more,
    ].join("\n");
  const contact = "Contact: <sip:platform@[local_ip]:[local_port]>;+sip.src";
  const invite = request("INVITE", "sip:recorder@[remote_ip]:[remote_port]", "", [
    ...[
      "CSeq: 1 INVITE",
      contact,
      "Require: siprec",
      `Content-Type: ${contentType}`,
      "Content-Length: [len]",
    ],
    "",
    body.toString().replaceAll("\r\n", "\n"),
  ]);
  const inDialog = (method: string, number: number) =>
    request(method, "[next_url]", "[peer_tag_param]", [
      "[routes]",
      `CSeq: ${number} ${method}`,
      "Content-Length: 0",
      "",
      "",
    ]);
  const message = (text: string) => `<![CDATA[\n${text}\n]]>`;
  const answered = `<recv response="200" rrs="true"/>
  <send>${message(inDialog("ACK", 1))}</send>
  <pause milliseconds="${holdMs}"/>
  <send retrans="500">${message(inDialog("BYE", 2))}</send>
  <recv response="200"/>`;
  // the INVITE's transaction
  const ack = request("ACK", "sip:recorder@[remote_ip]:[remote_port]", "[peer_tag_param]", [
    "CSeq: 1 ACK",
    "Content-Length: 0",
    "",
    "",
  ]).replace(/^Via: .*$/m, "[last_Via:]");
  const refused = `<recv response="${refusal}"/>
  <send>${message(ack)}</send>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="siprec">
  <send retrans="500">${message(invite)}</send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  ${refusal > 0 ? refused : answered}
</scenario>
`;
}
