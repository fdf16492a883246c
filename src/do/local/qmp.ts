import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { UserError } from "../../errors.js";

interface Message {
  return?: unknown;
  error?: { desc: string };
  event?: string;
}

/** Sends one command by the QEMU Machine Protocol and returns the answer. Throws UserError if QEMU does not answer in `timeout` ms. */
export async function qmp(socket: string, command: string, timeout = 5000): Promise<unknown> {
  const connection = connect({ path: socket });
  const timer = setTimeout(() => connection.destroy(new Error(`no answer in ${timeout / 1000} s`)), timeout);
  try {
    return await converse(connection, command);
  } catch (error) {
    throw new UserError(`QEMU's control socket: ${command}: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}

/** The protocol: greeting of QEMU, negotiation of capabilities, then one answer for each command, with events in between. */
async function converse(connection: Socket, command: string): Promise<unknown> {
  const failed = new Promise<never>((_, reject) => {
    connection.once("error", reject);
    connection.once("close", () => reject(new Error("closed by QEMU")));
  });
  const lines = createInterface({ input: connection })[Symbol.asyncIterator]();
  const next = async (): Promise<Message> => {
    const line = await Promise.race([lines.next(), failed]);
    if (line.done) throw new Error("closed by QEMU");
    return JSON.parse(line.value) as Message;
  };
  const execute = async (name: string): Promise<unknown> => {
    connection.write(`${JSON.stringify({ execute: name })}\n`);
    for (;;) {
      const message = await next();
      if (message.error) throw new Error(message.error.desc);
      if ("return" in message) return message.return;
    }
  };
  failed.catch(() => undefined);
  await next();
  await execute("qmp_capabilities");
  return execute(command);
}
