import { UserError } from "../../../errors.js";
import type { Aws } from "./aws.js";
import { consoleOutput, instancesWhere, isGone } from "./instances.js";
import { poll } from "../../../do/wait.js";
import { pause } from "./pause.js";

/** Lines of the host's scripts (function `say` in common.sh). */
export function ownLines(output: string): string[] {
  return [...output.matchAll(/sip-proxy: (.*)/g)].map(([, line = ""]) => line.trimEnd());
}

/** Waits until the host reports on its console that it is ready. Throws UserError with the last lines of the console. */
export async function readyLine(aws: Aws, id: string, name: string, timeout: number): Promise<string> {
  let output = "";
  const end = await poll(
    async () => {
      output = (await consoleOutput(aws, id)) || output;
      const ready = ownLines(output).findLast((line) => line.startsWith("ready: "));
      if (ready !== undefined) return { ready };
      const [instance] = await instancesWhere(aws, [{ Name: "instance-id", Values: [id] }]);
      if (!instance || isGone(instance) || /^stop/.test(instance.state))
        return {
          failed: `is ${instance?.state ?? "gone"}${instance?.reason ? ` (${instance.reason})` : ""}`,
        };
      return undefined;
    },
    { pause: pause(10), timeout },
  );
  if (end?.ready !== undefined) return end.ready;
  throw notReady(id, name, end?.failed ?? `is not ready after ${timeout / 1000} s`, output);
}

function notReady(id: string, name: string, what: string, output: string): UserError {
  const last = ownLines(output).at(-1);
  const tail = output.trimEnd().split(/\r?\n/).slice(-20);
  return new UserError(
    [
      `${name} (${id}) ${what}`,
      ...(last === undefined ? [] : [`last status: ${last}`]),
      "the end of its console:",
      ...tail.map((line) => `  | ${line}`),
    ].join("\n"),
    { hint: `the host keeps trying; see: sip-proxy status FLEET ${name} --target ec2` },
  );
}
