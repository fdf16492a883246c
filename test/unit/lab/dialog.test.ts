import { describe, expect, it } from "vitest";
import { respondTo } from "../../../src/lab/sip/build.js";
import { Dialog } from "../../../src/lab/sip/dialog.js";
import { SipHeaders } from "../../../src/lab/sip/headers.js";
import type { SipRequest } from "../../../src/lab/sip/message.js";

/** An INVITE that a callee behind two proxies gets: the nearer proxy's Record-Route is on top. */
function invite(routes = ["<sip:10.0.0.1:5060;lr;r2=on>", "<sip:192.0.2.1:5060;lr;r2=on>"]): SipRequest {
  const headers = new SipHeaders([
    ["Via", "SIP/2.0/UDP 203.0.113.10;branch=z9hG4bK1"],
    ["Record-Route", routes.join(",")],
    ["From", '"P" <sip:p@203.0.113.10>;tag=near'],
    ["To", "<sip:r@192.0.2.1>"],
    ["Call-ID", "c1"],
    ["CSeq", "7 INVITE"],
    ["Contact", "<sip:p@203.0.113.10:5060>;+sip.src"],
  ]);
  return { kind: "request", method: "INVITE", uri: "sip:r@192.0.2.1", headers, body: Buffer.alloc(0) };
}

const answer = (to: SipRequest) =>
  respondTo(to, 200, { toTag: "far", headers: [["Contact", "<sip:r@10.0.0.3:5070>"]] });

describe("the caller", () => {
  const dialog = () => Dialog.ofCaller(invite(), answer(invite()));

  it("reverses Record-Route and sends to the last proxy of the list first", () => {
    const bye = dialog().request("BYE");
    expect(bye.uri).toBe("sip:r@10.0.0.3:5070");
    expect(bye.headers.all("Route")).toEqual([
      "<sip:192.0.2.1:5060;lr;r2=on>",
      "<sip:10.0.0.1:5060;lr;r2=on>",
    ]);
    expect(dialog().nextHop()).toEqual({ transport: "udp", address: "192.0.2.1", port: 5060 });
  });

  it("has the tags of both sides and a CSeq that grows", () => {
    const one = dialog();
    const bye = one.request("BYE");
    expect(bye.headers.get("From")).toBe('"P" <sip:p@203.0.113.10>;tag=near');
    expect(bye.headers.get("To")).toBe("<sip:r@192.0.2.1>;tag=far");
    expect(bye.headers.get("CSeq")).toBe("8 BYE");
    expect(one.request("OPTIONS").headers.get("CSeq")).toBe("9 OPTIONS");
  });

  it("acknowledges with the INVITE's number along the route set", () => {
    const ack = dialog().ack(7);
    expect([ack.method, ack.headers.get("CSeq"), ack.headers.all("Route").length]).toEqual([
      "ACK",
      "7 ACK",
      2,
    ]);
  });

  it("follows a new Contact but keeps the route set", () => {
    const one = dialog();
    one.refreshTarget(respondTo(invite([]), 200, { headers: [["Contact", "<sip:r@10.0.0.4>"]] }));
    expect(one.request("BYE").uri).toBe("sip:r@10.0.0.4");
    expect(one.routeSet).toHaveLength(2);
  });
});

describe("the callee", () => {
  const dialog = () => Dialog.ofCallee(invite(), "far");

  it("keeps Record-Route's order and sends to the first proxy of the list", () => {
    const bye = dialog().request("BYE");
    expect(bye.uri).toBe("sip:p@203.0.113.10:5060");
    expect(bye.headers.all("Route")).toEqual([
      "<sip:10.0.0.1:5060;lr;r2=on>",
      "<sip:192.0.2.1:5060;lr;r2=on>",
    ]);
    expect(bye.headers.get("From")).toBe("<sip:r@192.0.2.1>;tag=far");
    expect(dialog().nextHop().address).toBe("10.0.0.1");
  });

  it("knows its requests by Call-ID and both tags", () => {
    const bye = Dialog.ofCaller(invite(), answer(invite())).request("BYE");
    expect(dialog().holds(bye)).toBe(true);
    expect(Dialog.ofCallee(invite(), "other").holds(bye)).toBe(false);
  });
});

it("without Record-Route goes straight to the Contact", () => {
  const dialog = Dialog.ofCaller(invite([]), answer(invite([])));
  expect(dialog.request("BYE").headers.all("Route")).toEqual([]);
  expect(dialog.nextHop()).toEqual({ transport: "udp", address: "10.0.0.3", port: 5070 });
});

it("puts a strict router's URI into the request line (RFC 3261, 12.2.1.1)", () => {
  const bye = Dialog.ofCallee(invite(["<sip:10.0.0.1>", "<sip:192.0.2.1;lr>"]), "far").request("BYE");
  expect(bye.uri).toBe("sip:10.0.0.1");
  expect(bye.headers.all("Route")).toEqual(["<sip:192.0.2.1;lr>", "<sip:p@203.0.113.10:5060>"]);
});

it("copies into a response what belongs there (RFC 3261, 8.2.6.2)", () => {
  const trying = respondTo(invite(), 100, { toTag: "far" });
  const ok = answer(invite());
  expect(ok.headers.all("Record-Route")).toHaveLength(2);
  expect(respondTo(invite(), 486).headers.all("Record-Route")).toEqual([]);
  expect(ok.headers.get("To")).toBe("<sip:r@192.0.2.1>;tag=far");
  expect(trying.headers.all("Record-Route")).toEqual([]);
});
