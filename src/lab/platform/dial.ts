import { performance } from "node:perf_hooks";
import type { Dialog } from "../sip/dialog.js";
import type { Flow } from "../sip/flow.js";
import { sendInvite, type InviteResult } from "../sip/invite.js";
import type { SipResponse } from "../sip/message.js";
import { formatHop, parseUri, type Hop } from "../sip/uri.js";
import { parseNameAddr } from "../sip/values.js";
import { contentType, inviteRequest, offerBody, type Session } from "./offer.js";
import type { CallIdentity, CallResult, Outcome } from "./protocol.js";
import { presented, type Surroundings } from "./surroundings.js";

export interface Established {
  dialog: Dialog;
  flow: Flow;
  response: SipResponse;
}

/** Tries targets one after the other until one answers with anything but 503 (RFC 3263, 4.3). Records all attempts in the result. */
export async function dial(
  around: Surroundings,
  identity: CallIdentity,
  session: Session,
  result: CallResult,
): Promise<Established | undefined> {
  const started = performance.now();
  let sequence = 0;
  for (const target of around.targets.order()) {
    const { flow, outcome } = await attempt(around, identity, session, target, ++sequence, result.index);
    note(result, target, outcome);
    result.setUpMs = Math.round((performance.now() - started) * 10) / 10;
    if (outcome.kind === "answered") return { ...outcome, flow: flow as Flow };
    if (outcome.kind === "rejected" && outcome.response.status !== 503) return undefined;
    around.targets.failed(target);
  }
  return undefined;
}

async function attempt(
  around: Surroundings,
  identity: CallIdentity,
  session: Session,
  target: Hop,
  sequence: number,
  index: number,
): Promise<{ flow?: Flow; outcome: InviteResult }> {
  const { stack, job, sipPort } = around;
  try {
    const flow = await stack.flowTo(target, undefined, index % (job.connections ?? 1));
    const local = presented(job, sipPort, flow);
    const body = offerBody(session, 1, "sendonly");
    const request = inviteRequest(
      identity,
      target,
      local,
      sequence,
      job.lateOffer ? undefined : body,
      job.headers ?? [],
    );
    const options = {
      ...(job.ringForMs === undefined ? {} : { ringFor: job.ringForMs }),
      ...(job.lateOffer ? { ack: { ...body, headers: contentType(body) } } : {}),
    };
    return { flow, outcome: await sendInvite(stack, request, flow, options) };
  } catch (error) {
    return { outcome: { kind: "transport", why: (error as Error).message } };
  }
}

function note(result: CallResult, target: Hop, outcome: InviteResult): void {
  const kinds: Record<InviteResult["kind"], Outcome> = {
    answered: "ok",
    rejected: "rejected",
    timeout: "timeout",
    transport: "transport",
  };
  result.outcome = kinds[outcome.kind];
  if ("response" in outcome) {
    const { response } = outcome;
    result.finalStatus = response.status;
    result.attempts.push({ target: formatHop(target), status: response.status });
    result.answeredBy = identityOf(response);
    result.contact = response.headers.get("Contact") ?? "";
    result.recordRoutes = response.headers.all("Record-Route");
  } else {
    result.finalStatus = 0;
    result.attempts.push({ target: formatHop(target), status: 0, why: outcome.why });
  }
}

/** The name of the answering side: the Server header, or the user of the Contact. */
function identityOf(response: SipResponse): string {
  const server = response.headers.get("Server") ?? response.headers.get("User-Agent");
  const contact = response.headers.all("Contact")[0];
  if (server !== undefined || contact === undefined) return server ?? "";
  return parseUri(parseNameAddr(contact).uri).user ?? "";
}
