import { newCallId, newTag } from "../sip/identifiers.js";
import { SipHeaders } from "../sip/headers.js";
import type { SipRequest, SipResponse } from "../sip/message.js";
import type { SipStack } from "../sip/stack.js";
import { formatHop, type Hop } from "../sip/uri.js";

/** Chooses the order of targets for a call. Targets that failed recently, or fail OPTIONS, come last. */
export class Targets {
  #turn = 0;
  #failedAt = new Map<string, number>();
  #out = new Set<string>();
  #monitor: NodeJS.Timeout | undefined;

  constructor(
    private readonly targets: readonly Hop[],
    private readonly spread: "first" | "round-robin",
    private readonly avoidMs: number,
  ) {}

  order(): Hop[] {
    const start = this.spread === "first" ? 0 : this.#turn++ % this.targets.length;
    const turned = [...this.targets.slice(start), ...this.targets.slice(0, start)];
    const good = turned.filter((hop) => !this.#avoided(hop));
    return [...good, ...turned.filter((hop) => this.#avoided(hop))];
  }

  failed(hop: Hop): void {
    this.#failedAt.set(formatHop(hop), Date.now());
  }

  /** Sends OPTIONS to each target every `interval` milliseconds. A target without a first answer also comes last. */
  watch(stack: SipStack, interval: number): void {
    for (const hop of this.targets) this.#out.add(formatHop(hop));
    let turn = 0;
    // an earlier OPTIONS may time out after a later one was answered: ignore it
    const heard = new Map<string, number>();
    const askAll = () => {
      const asked = ++turn;
      for (const hop of this.targets) {
        void ask(stack, hop).then((status) => {
          const name = formatHop(hop);
          if (asked < (heard.get(name) ?? 0)) return;
          heard.set(name, asked);
          if (status === 200) this.#out.delete(name);
          else this.#out.add(name);
        });
      }
    };
    askAll();
    this.#monitor = setInterval(askAll, interval);
  }

  close(): void {
    clearInterval(this.#monitor);
  }

  #avoided(hop: Hop): boolean {
    const name = formatHop(hop);
    return this.#out.has(name) || Date.now() - (this.#failedAt.get(name) ?? -Infinity) < this.avoidMs;
  }
}

/** An OPTIONS request outside of any dialog (RFC 3261, 11.1), to a user if one is given. */
export function optionsRequest(hop: Hop, from: string, user?: string): SipRequest {
  const transport = hop.transport === "udp" ? "" : `;transport=${hop.transport}`;
  const uri = `sip:${user === undefined ? "" : `${user}@`}${hop.address}:${hop.port}${transport}`;
  const headers = new SipHeaders([
    ["Max-Forwards", "70"],
    ["From", `<sip:platform@${from}>;tag=${newTag()}`],
    ["To", `<${uri}>`],
    ["Call-ID", newCallId(from)],
    ["CSeq", "1 OPTIONS"],
    ["Contact", `<sip:platform@${from}>`],
    ["Accept", "application/sdp"],
  ]);
  return { kind: "request", method: "OPTIONS", uri, headers, body: Buffer.alloc(0) };
}

async function ask(stack: SipStack, hop: Hop): Promise<number> {
  return askOptions(stack, hop).then(
    (response) => response.status,
    () => 0,
  );
}

/** Sends OPTIONS and resolves with the final answer. */
export async function askOptions(stack: SipStack, hop: Hop, user?: string): Promise<SipResponse> {
  const flow = await stack.flowTo(hop);
  return stack.ask(optionsRequest(hop, flow.local.address, user), flow);
}
