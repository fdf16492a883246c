import { callers, type CallLab } from "../call-lab.js";
import { End, response } from "./end.js";
import { Sockets } from "./sockets.js";

/** A platform and a recorder on both sides of a lab's proxy; tests control every byte of them. */
export interface Ends {
  lab: CallLab;
  platform: End;
  recorder: End;
  platformSip: string;
  recorderSip: string;
  nodeSip: string;
}

export const recorderAddress = "10.0.0.3";
/** A node behind the recorder's address. */
export const nodeAddress = "10.0.0.21";
/** Another address of the platform's. */
const elsewhere = "203.0.113.12";

/** Replaces the lab's recorder0. */
export async function openEnds(lab: CallLab): Promise<Ends> {
  await lab.recorder("recorder0").stop();
  await addAddresses(lab);
  const [here, there] = [new Sockets(lab, "platform"), new Sockets(lab, "recorder0")];
  const platformSip = await here.udp(callers.platform.address, 5060);
  const recorderSip = await there.udp(recorderAddress, 5060);
  const nodeSip = await there.udp(nodeAddress, 5060);
  await there.listen(recorderAddress, 5060);
  const recorder = new End(there, new Set([recorderSip, nodeSip]));
  const platform = new End(here, new Set([platformSip]));
  recorder.answer = (request) =>
    request.method === "OPTIONS" ? response(request, "200 OK", "srs", []) : undefined;
  return { lab, platform, recorder, platformSip, recorderSip, nodeSip };
}

async function addAddresses(lab: CallLab): Promise<void> {
  const { device } = lab.network.port("platform");
  await lab.on("recorder0", "ip", "addr", "add", `${nodeAddress}/24`, "dev", "eth0");
  await lab.on("platform", "ip", "addr", "add", `${elsewhere}/32`, "dev", "eth0");
  await lab.on("internet", "ip", "route", "add", `${elsewhere}/32`, "dev", device);
}
