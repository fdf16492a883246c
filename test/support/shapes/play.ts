import { newBranch } from "../../../src/lab/sip/identifiers.js";
import type { SipRequest } from "../../../src/lab/sip/message.js";
import { callers } from "../call-lab.js";
import { answerTo, around, changes } from "./bodies.js";
import { response, statusOf, uriOf, type Arrived } from "./end.js";
import { Media } from "./media.js";
import { bodyOf, newValues, withoutBody, written, type Shape, type Values } from "./shape.js";
import { nodeAddress, recorderAddress, type Ends } from "./ends.js";

/** A call of one shape, from INVITE to BYE. */
export class PlayedCall {
  readonly problems: string[] = [];
  readonly #values: Values;
  readonly #tcp: boolean;
  #via = "";
  #cseq = 0;
  /** The platform's INVITE and its answers. */
  #sent = "";
  #answer: Arrived | undefined;
  #invite: Arrived | undefined;
  readonly #toTag = `srs${Math.random().toString(36).slice(2)}`;
  readonly #ports: number;
  #media: Media | undefined;

  constructor(
    private readonly stage: Ends,
    private readonly shape: Shape,
    number: number,
  ) {
    const { address, port } = stage.lab.target(this.says["transport"] === "tcp" ? "tcp" : "udp");
    this.#tcp = this.says["transport"] === "tcp";
    this.#ports = 20_000 + number * 20;
    this.#values = newValues(
      {
        DST: `${address}:${port}`,
        DSTIP: address,
        SIP: callers.platform.address,
        SPORT: "5060",
        MIP: this.says["sdp-ip"] ?? callers.platform.address,
        PROTO: this.#tcp ? "TCP" : "UDP",
      },
      this.#ports,
    );
  }

  get says(): Record<string, string> {
    return this.shape.says;
  }

  close(): void {
    this.#media?.close();
  }

  async run(): Promise<void> {
    const { recorder, platform } = this.stage;
    const usual = recorder.answer;
    recorder.answer = (request, arrived) =>
      request.headers.get("Call-ID") === this.callId ? this.#record(request) : usual(request, arrived);
    platform.answer = (request) =>
      request.headers.get("Call-ID") === this.callId ? this.#react(request) : undefined;
    const offer = around(bodyOf(this.shape.text))?.sdp ?? "";
    this.#media = await Media.open(this.stage, offer, this.#ports, this.says["send-from"]);
    await this.#outbound();
    await this.#setUp();
    if (this.says["again"] !== undefined) {
      await this.#bye();
      recorder.arrived.length = platform.arrived.length = 0;
      this.#values.TOTAG = "";
      this.#cseq = 0;
      this.#again = true;
      await this.#setUp();
    }
    await this.#arrives();
    for (const step of (this.says["mid"] ?? "reinvite").split(" ")) await this.#step(step);
    for (const method of ["UPDATE", "INFO"]) await this.#inDialog(method);
    await this.#arrives();
    if (this.says["bye"] === "recorder") await this.#fromRecorder("BYE");
    else await this.#bye();
    recorder.answer = usual;
  }

  #again = false;

  get callId(): string {
    return (/^Call-ID: (.*)$/m.exec(this.shape.text)?.[1] ?? "")
      .replace("{CID}", this.#values.CID)
      .replace("{SIP}", this.#values.SIP);
  }

  /** The source socket of the platform's requests. */
  async #outbound(): Promise<void> {
    const { sockets } = this.stage.platform;
    const { address, port } = this.stage.lab.target(this.#tcp ? "tcp" : "udp");
    if (this.#tcp) {
      this.#via = await sockets.connect(callers.platform.address, 0, { address, port });
      this.stage.platform.connected(this.#via);
    } else if (this.says["sends-from-another-port"]) {
      this.#via = await sockets.udp(callers.platform.address, 0);
      // answers are only awaited on request
      if (this.says["rport"] === "yes") this.stage.platform.sip.add(this.#via);
    } else this.#via = this.stage.platformSip;
  }

  #send(text: string): void {
    const extra =
      { crlf: "\r\n", sdp: "\r\nv=0\r\nc=IN IP4 10.9.9.9\r\n" }[this.says["extra-bytes"] ?? ""] ?? "";
    const { address, port } = this.stage.lab.target("udp");
    this.stage.platform.sockets.send(this.#via, text + extra, { address, port });
  }

  async #setUp(): Promise<void> {
    const { recorder, platform } = this.stage;
    this.#sent = written(this.shape, this.#values, ++this.#cseq);
    this.#send(this.#sent);
    const answer = await platform.final(this.callId, this.#cseq, "INVITE");
    if (statusOf(answer) !== 200) throw new Error(`INVITE: ${answer.text.split("\r\n")[0]}`);
    this.#answer = answer;
    this.#invite = await recorder.request("INVITE", this.callId, this.#cseq);
    this.#values.TOTAG = `;tag=${/;tag=(.*)$/.exec(answer.message.headers.get("To") ?? "")?.[1]}`;
    this.#compare("INVITE", this.#sent, this.#invite.text);
    this.#compareAnswer(answer.text);
    this.#send(this.#plain("ACK", this.#cseq));
    await recorder.request("ACK", this.callId, this.#cseq);
  }

  #compare(what: string, sent: string, seen: string): void {
    const foreign = /203\.0\.113\.|192\.168\./;
    this.problems.push(
      ...changes(sent, seen, this.stage.lab.host().private_ip_address, foreign).map(
        (text) => `${what}: ${text}`,
      ),
    );
  }

  #compareAnswer(text: string): void {
    const sdp = around(bodyOf(text))?.sdp ?? "";
    const asked = around(bodyOf(this.#invite?.text ?? ""))?.sdp ?? "";
    const sent = answerTo(asked, this.says, this.recorderContact, (i) => this.#recorderPort(i));
    const type = "x\r\nContent-Type: application/sdp\r\n\r\n";
    const found = changes(type + sent, type + sdp, this.stage.lab.host().public_ip_address, /\b10\.0\.0\./);
    this.problems.push(...found.map((problem) => `answer: ${problem}`));
  }

  get recorderContact(): string {
    return this.says["recorder-contact"] ?? recorderAddress;
  }

  #recorderPort(stream: number): number {
    return this.#ports + 2 * stream;
  }

  /** The recorder's answers. */
  #record(request: SipRequest): string | undefined {
    if (request.method === "ACK") return undefined;
    const tag = this.#toTag + (this.#again ? "2" : "");
    const contact = `Contact: <sip:srs@${this.recorderContact}:5060${this.#tcp ? "" : ""}>`;
    const offer = around(request.body.toString("utf8"))?.sdp;
    if (!/INVITE|UPDATE/.test(request.method) || offer === undefined)
      return response(request, "200 OK", tag, [contact]);
    const answer = answerTo(offer, this.says, this.recorderContact, (i) => this.#recorderPort(i));
    return response(request, "200 OK", tag, [contact, "Content-Type: application/sdp"], answer);
  }

  /** The platform's answers to the recorder's requests; its edge may add Record-Route. */
  #react(request: SipRequest): string | undefined {
    if (request.method === "ACK") return undefined;
    const edge = this.says["edge-records-reinvites"] ? ["Record-Route: <sip:203.0.113.10:5060;lr>"] : [];
    const contact = `Contact: <sip:src@${this.#values.SIP}:${this.#values.SPORT}>`;
    if (request.method !== "INVITE") return response(request, "200 OK", "", [contact]);
    const sdp = around(bodyOf(written(this.shape, this.#values, this.#cseq)))?.sdp ?? "";
    return response(request, "200 OK", "", [...edge, contact, "Content-Type: application/sdp"], `${sdp}\r\n`);
  }

  get #routes(): string[] {
    const { message } = this.#answer as Arrived;
    return this.says["routes"] === "none" ? [] : message.headers.all("Record-Route").reverse();
  }

  get #target(): string {
    return this.says["routes"] === "none"
      ? `sip:srs@${this.#values.DST}`
      : uriOf((this.#answer as Arrived).message.headers.get("Contact") ?? "");
  }

  #plain(method: string, cseq: number): string {
    const to = { target: this.#target, routes: this.#routes, tag: this.#values.TOTAG };
    return withoutBody(this.#sent, method, cseq, to);
  }

  async #arrives(): Promise<void> {
    if (this.recorderContact !== recorderAddress) return; // its media would need separate sockets
    const [answer, offer] = [this.#answer?.text ?? "", this.#sent].map(
      (text) => around(bodyOf(text))?.sdp ?? "",
    );
    this.problems.push(...((await this.#media?.missing(answer ?? "", offer ?? "")) ?? []));
  }

  async #step(step: string): Promise<void> {
    if (step === "none") return;
    if (step === "reinvite") return this.#reinvite("INVITE");
    if (step === "recorder-reinvite") return this.#fromRecorder("INVITE");
    if (step === "recorder-info") return this.#fromRecorder("INFO");
    throw new Error(`unknown step ${step}`);
  }

  /** A re-INVITE or UPDATE, in the form of the INVITE. */
  async #reinvite(method: "INVITE" | "UPDATE"): Promise<void> {
    const { recorder, platform } = this.stage;
    const routes = this.#routes.map((route) => `Route: ${route}\r\n`).join("");
    const text = written(this.shape, this.#values, ++this.#cseq)
      .replace(/^INVITE \S+ SIP\/2.0\r\n/, `${method} ${this.#target} SIP/2.0\r\n${routes}`)
      .replace(/^(CSeq: \d+) INVITE/m, `$1 ${method}`);
    this.#send(text);
    const answer = await platform.final(this.callId, this.#cseq, method);
    if (statusOf(answer) !== 200) throw new Error(`${method} in the dialog: ${answer.text.split("\r\n")[0]}`);
    const seen = await recorder.request(method, this.callId, this.#cseq);
    this.#compare(`${method} in the dialog`, text, seen.text);
    this.#compareAnswer(answer.text);
    if (method === "UPDATE") return;
    this.#send(this.#plain("ACK", this.#cseq));
    await recorder.request("ACK", this.callId, this.#cseq);
  }

  async #inDialog(method: string): Promise<void> {
    if (method === "UPDATE") return this.#reinvite(method);
    const { recorder, platform } = this.stage;
    this.#send(this.#plain(method, ++this.#cseq));
    const answer = await platform.final(this.callId, this.#cseq, method);
    if (statusOf(answer) !== 200) throw new Error(`${method}: ${answer.text.split("\r\n")[0]}`);
    await recorder.request(method, this.callId, this.#cseq);
  }

  #bye = () => this.#inDialog("BYE");

  #ownCseq = 100;

  /** A request of the recorder: its re-INVITE offers the streams of its answer. */
  async #fromRecorder(method: string): Promise<void> {
    const { recorder, platform, nodeSip, recorderSip, lab } = this.stage;
    const invite = this.#invite as Arrived;
    const { headers } = invite.message;
    const cseq = ++this.#ownCseq;
    const own = this.says["requests-from-node"] ? nodeAddress : recorderAddress;
    const socket = own === nodeAddress ? nodeSip : recorderSip;
    const offer = around(bodyOf(invite.text))?.sdp ?? "";
    const sdp =
      method === "INVITE"
        ? answerTo(offer, this.says, this.recorderContact, (i) => this.#recorderPort(i))
        : "";
    const build = (name: string, body: string) =>
      [
        `${name} ${this.says["routes"] === "none" ? "sip:x@10.0.0.1:5070" : uriOf(headers.get("Contact") ?? "")} SIP/2.0`,
        `Via: SIP/2.0/UDP ${own}:5060;branch=${newBranch()}`,
        ...(this.says["routes"] === "none" ? [] : headers.all("Record-Route")).map(
          (route) => `Route: ${route}`,
        ),
        `From: ${headers.get("To")};tag=${this.#toTag}`,
        `To: ${headers.get("From")}`,
        `Call-ID: ${this.callId}`,
        `CSeq: ${cseq} ${name}`,
        "Max-Forwards: 70",
        `Contact: <sip:srs@${this.recorderContact}:5060>`,
        ...(body === "" ? [] : ["Content-Type: application/sdp"]),
        `Content-Length: ${Buffer.byteLength(body)}`,
        "",
        body,
      ].join("\r\n");
    const proxy = { address: lab.host().private_ip_address, port: lab.host().settings.sip_private_port };
    recorder.sockets.send(socket, build(method, sdp), proxy);
    const answer = await recorder.final(this.callId, cseq, method);
    if (statusOf(answer) !== 200)
      throw new Error(`the recorder's ${method}: ${answer.text.split("\r\n")[0]}`);
    const seen = await platform.request(method, this.callId, cseq);
    if (/\b10\.0\.0\./.test(bodyOf(seen.text)))
      this.problems.push(`the recorder's ${method} names a private address`);
    if (method !== "INVITE") return;
    recorder.sockets.send(socket, build("ACK", ""), proxy);
    await platform.request("ACK", this.callId, cseq);
  }
}
