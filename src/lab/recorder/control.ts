import { sendInvite } from "../sip/invite.js";
import { reoffer } from "./answer.js";
import type { Call } from "./call.js";
import { contents } from "./contents.js";
import type { Behaviour, RecorderCommand, RecorderEvent } from "./protocol.js";
import type { RecorderServer } from "./server.js";
import { totalsOf } from "./totals.js";

/** Executes a command; resolves with the event that answers it. */
export async function obey(server: RecorderServer, command: RecorderCommand): Promise<RecorderEvent> {
  const { cmd } = command;
  const id = command.id === undefined ? {} : { id: command.id };
  try {
    if (command.cmd === "stats") return { ...stats(server, command.calls ?? true), ...id };
    return { event: "done", ...id, cmd, ...(await act(server, command)) };
  } catch (error) {
    return { event: "failed", ...id, cmd, error: (error as Error).message };
  }
}

interface Outcome {
  /** The worst final status of the requests that were sent. */
  status?: number;
  /** Number of calls that it concerned. */
  count?: number;
}

async function act(server: RecorderServer, command: RecorderCommand): Promise<Outcome> {
  switch (command.cmd) {
    case "behave":
      Object.assign(server.behaviour, wanted(server.behaviour, command));
      return {};
    case "bye":
      return each(server.book.chosen(command.callId), (call) => bye(server, call));
    case "reinvite":
      return each(server.book.chosen(command.callId), (call) =>
        reinvite(server, call, command.hold ?? false),
      );
    case "forget":
      server.lateness.forget();
      return { count: server.book.forget() };
    default:
      throw new Error(`unknown command ${command.cmd}`);
  }
}

/** The fields of a command that set the behaviour. */
function wanted(known: Behaviour, command: Partial<Behaviour>): Partial<Behaviour> {
  return Object.fromEntries(Object.entries(command).filter(([name]) => name in known));
}

async function each(calls: Call[], act: (call: Call) => Promise<number>): Promise<Outcome> {
  const statuses = await Promise.all(calls.map(act));
  return { status: Math.max(0, ...statuses), count: statuses.length };
}

async function bye(server: RecorderServer, call: Call): Promise<number> {
  const request = call.dialog.request("BYE");
  const flow = await server.stack.flowTo(call.dialog.nextHop(), call.flow);
  const ended = server.book.end(call, "recorder");
  const { status } = await server.stack.ask(request, flow);
  server.book.tell({ event: "bye", callId: call.callId, by: "recorder", status });
  await ended;
  return status;
}

async function reinvite(server: RecorderServer, call: Call, hold: boolean): Promise<number> {
  if (!call.local) throw new Error(`${call.callId} has no session description yet`);
  call.local = reoffer(call.local, hold);
  const parts = contents(server.options, call.flow, call.local, "sdp");
  const flow = await server.stack.flowTo(call.dialog.nextHop(), call.flow);
  const result = await sendInvite(server.stack, call.dialog.request("INVITE", parts), flow, {
    dialog: call.dialog,
  });
  if (!("response" in result)) throw new Error(`re-INVITE: ${result.kind}: ${result.why}`);
  return result.response.status;
}

function stats(server: RecorderServer, withCalls: boolean): Extract<RecorderEvent, { event: "stats" }> {
  const calls = server.book.reports();
  const totals = totalsOf(server.book.tally, calls, server.stack.counters, server.lateness.ms);
  return { event: "stats", totals, calls: withCalls ? calls : [] };
}
