import { partOfType } from "../multipart.js";
import { streamAddresses } from "../recorder/answer.js";
import { mirrored, parseSdp, writeSdp } from "../sdp.js";
import { SDP_TYPE } from "../siprec.js";
import { tagOf } from "../sip/build.js";
import type { ServerTransaction } from "../sip/server-transaction.js";
import type { Call } from "./call.js";
import { offerSdp } from "./offer.js";

/** Answers requests to the platform: BYE and re-INVITE from a recorder, OPTIONS from a proxy. */
export function answerInbound(transaction: ServerTransaction, call: Call | undefined): void {
  const { request } = transaction;
  if (tagOf(request.headers.get("To")) === undefined) {
    const status = request.method === "OPTIONS" ? 200 : 403; // a platform accepts no calls
    transaction.respond(status, { toTag: "none" });
  } else if (!call?.established?.dialog.holds(request)) transaction.respond(481);
  else if (request.method === "BYE") {
    transaction.respond(200);
    call.end("recorder");
  } else if (request.method === "INVITE" || request.method === "UPDATE") {
    answerOffer(transaction, call).catch((error: Error) => {
      call.result.errors.push(`${request.method} of the recorder: ${error.message}`);
      transaction.respond(500);
    });
  } else transaction.respond(200);
}

async function answerOffer(transaction: ServerTransaction, call: Call): Promise<void> {
  const { request } = transaction;
  const { session, established, media } = call;
  if (!session || !established) return transaction.respond(481);
  established.dialog.refreshTarget(request);
  if (request.method === "INVITE") call.result.reinvited++;
  const text = partOfType(request.headers.get("Content-Type"), request.body, SDP_TYPE);
  const offer = text === undefined ? undefined : parseSdp(text);
  if (offer) call.result.errors.push(...((await media?.follow(streamAddresses(offer))) ?? []));
  const direction = mirrored(offer?.streams[0]?.direction ?? "recvonly");
  const answer = offerSdp(session, ++call.version, direction === "sendrecv" ? "sendonly" : direction);
  transaction.respond(200, {
    headers: [["Contact", call.contact], ["Content-Type", SDP_TYPE], ...call.answerHeaders],
    body: Buffer.from(writeSdp(answer)),
  });
}
