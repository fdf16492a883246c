/**
 * A simulated SIPREC recorder. Run it where its addresses are (`ip netns exec … node dist/lab/recorder.js`): the first
 * line of standard input is a RecorderOptions in JSON, each further line a RecorderCommand; standard output is a line
 * of JSON for each RecorderEvent. It ends with its standard input.
 */
import { readJsonLines, writeJsonLine } from "./json-lines.js";
import { obey } from "./recorder/control.js";
import type { RecorderCommand, RecorderEvent, RecorderOptions } from "./recorder/protocol.js";
import { RecorderServer } from "./recorder/server.js";

const emit = (event: RecorderEvent) => writeJsonLine(event);
let server: RecorderServer | undefined;

function take(line: object): void {
  if (server) void obey(server, line as RecorderCommand).then(emit);
  else {
    const options = line as RecorderOptions;
    server = new RecorderServer(options, emit);
    server.listen().then(
      (listen) => emit({ event: "listening", name: options.name, listen, pid: process.pid }),
      (error: Error) => {
        process.stderr.write(`recorder ${options.name}: ${error.message}\n`);
        process.exit(1);
      },
    );
  }
}

await readJsonLines(process.stdin, take, (text) => emit({ event: "fault", text }));
process.exit(0);
