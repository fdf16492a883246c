/**
 * An instance metadata service and AWS' endpoint, for hosts of the lab: 169.254.169.254 and one address for all of
 * AWS' services, over plain HTTP. Run it where those addresses are (`ip netns exec … node test/support/run-ts.mjs …/main.ts`): the first
 * line of standard input is a CloudOptions in JSON, each further line a CloudCommand; standard output is a line of JSON
 * for each CloudEvent. It ends with its standard input.
 */
import { readJsonLines, writeJsonLine } from "../../../src/lab/json-lines.js";
import type { CloudCommand, CloudEvent, CloudOptions } from "./protocol.js";
import { CloudServer } from "./server.js";

const emit = (event: CloudEvent) => writeJsonLine(event);
let server: CloudServer | undefined;

function take(line: object): void {
  if (server) return emit(server.obey(line as CloudCommand));
  server = new CloudServer(line as CloudOptions, emit);
  server.listen().then(
    () => emit({ event: "listening", pid: process.pid }),
    (error: Error) => {
      process.stderr.write(`cloud: ${error.message}\n`);
      process.exit(1);
    },
  );
}

await readJsonLines(process.stdin, take, (text) => emit({ event: "fault", text }));
process.exit(0);
