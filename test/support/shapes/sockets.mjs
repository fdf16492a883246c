/**
 * Sockets in a network namespace, for a test that plays both ends of a call itself: JSON lines in and out, data in base64. What it
 * is told: {id, open: udp|listen|connect, address, port, to?} and {send, data, address?, port?}. What it tells: {event: "open", id,
 * port}, {event: "data", socket, data, address, port} and {event: "closed", socket}. A connection that is taken is a socket of its own.
 */
import { createSocket } from "node:dgram";
import { createConnection, createServer } from "node:net";
import { createInterface } from "node:readline";

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
/** What sends data on a socket, by its number. */
const senders = new Map();
const closers = new Map();
let taken = 0;

function stream(socket, id) {
  senders.set(id, ({ data }) => socket.write(Buffer.from(data, "base64")));
  closers.set(id, () => socket.destroy());
  const from = { address: socket.remoteAddress, port: socket.remotePort };
  socket.on("data", (data) => tell({ event: "data", socket: id, data: data.toString("base64"), ...from }));
  socket.on("close", () => tell({ event: "closed", socket: id }));
  socket.on("error", () => undefined);
}

const openers = {
  udp({ id, address, port }) {
    const lookup = (name, _options, done) => done(null, name, 4);
    const socket = createSocket({ type: "udp4", lookup, recvBufferSize: 1 << 20 });
    socket.on("error", (error) => tell({ event: "failed", id, error: error.message }));
    socket.on("message", (data, from) =>
      tell({
        event: "data",
        socket: id,
        data: data.toString("base64"),
        address: from.address,
        port: from.port,
      }),
    );
    socket.bind(port, address, () => {
      senders.set(id, ({ data, address, port }) =>
        socket.send(Buffer.from(data, "base64"), port, address, () => undefined),
      );
      closers.set(id, () => socket.close());
      tell({ event: "open", id, port: socket.address().port });
    });
  },
  listen({ id, address, port }) {
    const server = createServer((socket) => stream(socket, `${id}/${++taken}`));
    server.listen(port, address, () => tell({ event: "open", id, port }));
  },
  connect({ id, address, port, to }) {
    const socket = createConnection(
      { localAddress: address, localPort: port, host: to.address, port: to.port },
      () => {
        stream(socket, id);
        tell({ event: "open", id, port: socket.localPort });
      },
    );
    socket.on("error", (error) => tell({ event: "failed", id, error: error.message }));
  },
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line);
  if (command.open) openers[command.open](command);
  else if (command.close) closers.get(command.close)?.();
  else if (command.send) senders.get(command.send)?.(command);
});
lines.on("close", () => process.exit());
