import { setTimeout as sleep } from "node:timers/promises";
import { partOfType } from "../multipart.js";
import { newMetadata } from "../metadata.js";
import { streamAddresses } from "../recorder/answer.js";
import type { StreamAddress } from "../recorder/protocol.js";
import { parseSdp, type Direction } from "../sdp.js";
import { SDP_TYPE, speakers, type Body } from "../siprec.js";
import type { SiprecVariant } from "../siprec-variants.js";
import type { Detour } from "../sip/dialog.js";
import { sendInvite } from "../sip/invite.js";
import type { Flow } from "../sip/flow.js";
import type { SipResponse } from "../sip/message.js";
import type { Hop } from "../sip/uri.js";
import { dial, type Established } from "./dial.js";
import { CallMedia } from "./media.js";
import { contactOf, contentType, newIdentity, offerBody, siprecHeaders, type Session } from "./offer.js";
import type { CallIdentity, CallResult, OtherMethod, ReinviteKind } from "./protocol.js";
import { presented, type Surroundings } from "./surroundings.js";

/** Milliseconds between the last packet and the BYE, so that the BYE does not overtake a packet. */
const DRAIN_MS = 100;

/** One call from INVITE to BYE, with its media. */
export class Call {
  readonly result: CallResult;
  readonly identity: CallIdentity;
  established: Established | undefined;
  media: CallMedia | undefined;
  session: Session | undefined;
  /** Version of this side's session description. */
  version = 1;
  #ending = new AbortController();

  constructor(
    private readonly around: Surroundings,
    index: number,
    variant: SiprecVariant,
  ) {
    this.identity = around.job.identity ?? newIdentity(around.advertised);
    this.result = emptyResult(index, this.identity.callId, variant);
  }

  /** The first part of the call: resolves when it is answered and sends media, or has failed. */
  async setUp(): Promise<void> {
    try {
      await this.#place();
    } catch (error) {
      this.result.errors.push((error as Error).message);
    }
  }

  async #place(): Promise<void> {
    const { around, result } = this;
    this.media = await CallMedia.open(around.job, around.ports, around.clock);
    this.session = {
      metadata: newMetadata(speakers(result.index), new Date()),
      variant: result.variant,
      media: { address: around.advertised, ports: this.media.ports },
      sessionId: Date.now(),
    };
    this.established = await dial(around, this.identity, this.session, result);
    if (!this.established) return;
    result.answer = await this.#followAnswer(this.established.response);
  }

  /** The second part: waits for its duration, sends re-INVITEs, and ends. */
  async finish(): Promise<void> {
    try {
      if (!this.established) return;
      await this.#hold();
      await this.#end();
    } catch (error) {
      this.result.errors.push((error as Error).message);
    } finally {
      this.#close();
    }
  }

  /** Ends the call: the recorder has sent BYE, or this side sends it. */
  end(by: "platform" | "recorder"): void {
    if (by === "recorder") {
      this.result.byeBy = "recorder";
      this.result.byeStatus = 200;
      this.media?.stop();
    }
    this.#ending.abort();
  }

  /** Sends requests through another proxy from now on, as if the first proxy had failed. */
  moveTo(proxy: Hop, detour: Detour): void {
    this.established?.dialog.moveTo(proxy, detour);
  }

  /** Sends a re-INVITE; resolves with its final status, 0 for none. */
  async reinvite(kind: ReinviteKind): Promise<number> {
    const { established, session, media } = this;
    if (!established || !session || !media) throw new Error("the call is not up");
    await this.#reach();
    if (kind === "hold") media.stop();
    const direction: Direction = kind === "hold" ? "inactive" : "sendonly";
    const named = { ...session, media: { ...session.media, address: "media.example" } };
    const body = offerBody(kind === "named" ? named : session, ++this.version, direction);
    const outcome = await this.#invite(kind, body);
    const status = "response" in outcome ? outcome.response.status : 0;
    const answer = outcome.kind === "answered" ? await this.#followAnswer(outcome.response) : [];
    this.result.reinvites.push({ kind, status, answer });
    if (outcome.kind !== "answered") {
      this.result.errors.push(`re-INVITE: ${"why" in outcome ? outcome.why : status}`);
    }
    return status;
  }

  /** Sends another request; resolves with its final status. An UPDATE offers the current streams. */
  async request(method: OtherMethod): Promise<number> {
    const { established, session, around } = this;
    if (!established || !session) throw new Error("the call is not up");
    const flow = await this.#reach();
    const body = offerBody(session, ++this.version, "sendonly");
    const update = { ...body, headers: siprecHeaders(this.contact, body) };
    const request = established.dialog.request(method, method === "UPDATE" ? update : {});
    const response = await around.stack.ask(request, flow);
    if (method === "UPDATE" && response.status === 200) await this.#followAnswer(response);
    return response.status;
  }

  get answerHeaders(): [string, string][] {
    return this.around.job.answerHeaders ?? [];
  }

  get contact(): string {
    const { job, sipPort } = this.around;
    if (!this.established) return "";
    const { flow } = this.established;
    return contactOf(presented(job, sipPort, flow), flow.transport);
  }

  /** A re-INVITE with this offer. A `late` one has no offer: the recorder sends one, and the ACK answers it. */
  async #invite(kind: ReinviteKind, body: Body) {
    const { dialog } = this.established as Established;
    const late = kind === "late";
    const headers = siprecHeaders(this.contact, late ? undefined : body);
    const request = dialog.request("INVITE", late ? { headers } : { ...body, headers });
    const ack = late ? { ack: { ...body, headers: contentType(body) } } : {};
    return sendInvite(this.around.stack, request, await this.#reach(), { dialog, ...ack });
  }

  /** The flow to the call's next hop. If it was closed, a new one, which also changes Contact. */
  async #reach(): Promise<Flow> {
    const { dialog, flow } = this.established as Established;
    const now = await this.around.stack.flowTo(dialog.nextHop(), flow);
    this.established = { ...(this.established as Established), flow: now };
    return now;
  }

  async #followAnswer(response: SipResponse): Promise<StreamAddress[]> {
    const text = partOfType(response.headers.get("Content-Type"), response.body, SDP_TYPE);
    if (text === undefined) {
      this.result.errors.push("no SDP in the answer");
      return [];
    }
    const answer = streamAddresses(parseSdp(text));
    this.result.errors.push(...((await this.media?.follow(answer)) ?? []));
    return answer;
  }

  async #hold(): Promise<void> {
    const { holdMs = 1000, reinvite = "none" } = this.around.job;
    if (holdMs === null) return this.#wait(undefined);
    const kinds: Record<typeof reinvite, ReinviteKind[]> = {
      none: [],
      once: ["refresh"],
      hold: ["hold", "resume"],
    };
    const slice = holdMs / (kinds[reinvite].length + 1);
    await this.#wait(slice);
    for (const kind of kinds[reinvite]) {
      if (!this.#ending.signal.aborted) await this.reinvite(kind);
      await this.#wait(slice);
    }
  }

  async #end(): Promise<void> {
    const { bye = "platform", byeWaitMs = 30_000 } = this.around.job;
    if (bye === "recorder" && !this.#ending.signal.aborted) {
      await this.#wait(byeWaitMs);
      if (!this.#ending.signal.aborted) this.result.errors.push("no BYE from the recorder");
    }
    this.media?.stop();
    if (bye === "none" || this.result.byeBy === "recorder") return;
    await sleep(DRAIN_MS);
    await this.#bye();
  }

  async #bye(): Promise<void> {
    const { dialog } = this.established as Established;
    const { result } = this;
    if (result.byeBy === "recorder") return; // it arrived while the last media were sent
    result.byeBy = "platform";
    const request = dialog.request("BYE");
    const { status } = await this.around.stack.ask(request, await this.#reach());
    result.byeStatus = status;
    if (status >= 300) result.errors.push(`BYE: ${status}`);
  }

  /** Waits this many milliseconds; without a number, until the call must end. Ends early in any case when the call must end. */
  async #wait(ms: number | undefined): Promise<void> {
    const { signal } = this.#ending;
    await sleep(ms ?? 2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
  }

  #close(): void {
    const { result } = this;
    result.rtp = this.media?.sent ?? [];
    for (const stream of result.rtp) {
      if (stream.failed > 0) result.errors.push(`stream ${stream.label}: ${stream.failed} packets refused`);
    }
    this.media?.close();
    if (result.outcome === "ok" && result.errors.length > 0) result.outcome = "broken";
  }
}

function emptyResult(index: number, callId: string, variant: SiprecVariant): CallResult {
  return {
    index,
    callId,
    variant,
    outcome: "transport",
    finalStatus: 0,
    attempts: [],
    setUpMs: 0,
    answeredBy: "",
    contact: "",
    recordRoutes: [],
    answer: [],
    rtp: [],
    reinvites: [],
    reinvited: 0,
    byeBy: "none",
    byeStatus: 0,
    errors: [],
  };
}
