import { createServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import { Account } from "./account.js";
import { Endpoint } from "./endpoint.js";
import { MetadataService } from "./metadata-service.js";
import type { CloudCommand, CloudEvent, CloudOptions } from "./protocol.js";

/** Minutes between EC2's notice and the interruption of a spot instance. */
const spotWarning = 2;

/** Another port of the endpoint besides 80; it is part of the signed host. */
export const endpointPort = 4566;

/** The metadata service and AWS' endpoint, over one account. */
export class CloudServer {
  readonly #account: Account;
  readonly #servers: { server: Server; host: string; port: number }[];

  constructor(options: CloudOptions, emit: (event: CloudEvent) => void) {
    this.#account = new Account(options, emit);
    const metadata = new MetadataService(this.#account);
    const endpoint = new Endpoint(this.#account, (call) => emit({ event: "call", ...call }));
    const answer: RequestListener = (request, response) => {
      endpoint.answer(request, response).catch((error: Error) => {
        emit({ event: "fault", text: error.stack ?? error.message });
        response.writeHead(500).end();
      });
    };
    const { imds, endpoint: host } = options;
    this.#servers = [
      {
        server: createServer((request, response) => metadata.answer(request, response)),
        host: imds,
        port: 80,
      },
      ...[80, endpointPort].map((port) => ({ server: createServer(answer), host, port })),
    ];
  }

  async listen(): Promise<void> {
    for (const { server, host, port } of this.#servers) {
      server.listen({ host, port, backlog: 511 });
      await once(server, "listening");
    }
  }

  obey(command: CloudCommand): CloudEvent {
    const id = command.id === undefined ? {} : { id: command.id };
    try {
      if (command.cmd === "state") return { event: "state", ...id, ...this.#account.state() };
      this.act(command);
      return { event: "done", ...id, cmd: command.cmd };
    } catch (error) {
      return { event: "failed", ...id, cmd: command.cmd, error: (error as Error).message };
    }
  }

  private act(command: Exclude<CloudCommand, { cmd: "state" }>): void {
    switch (command.cmd) {
      case "fault":
        return this.#account.addFault(command.fault);
      case "mend":
        return this.#account.mend();
      case "terminate":
        return this.#account.terminate(this.#account.instance(command.instance));
      case "kill":
        this.#account.instance(command.instance).lifecycle = "Terminated";
        return;
      case "interrupt": {
        const time = new Date(Date.now() + spotWarning * 60_000).toISOString();
        this.#account.instance(command.instance).interruption = { action: command.action, time };
        return;
      }
      case "secret":
        this.#account.secrets.set(command.name, command.value);
    }
  }
}
