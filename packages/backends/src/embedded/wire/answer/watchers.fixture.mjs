// A process of its own, so that the memory measured is the server's: opens watches and reads nothing after the head.
// Arguments: port, how many. Reads the token from its environment. Says `ready`; after a line on its input, `told` and what the first watch ended with.
import { connect } from "node:tls";

const [port, count] = process.argv.slice(2).map(Number);
const sockets = [];
let ready = 0;

const open = (left) => {
  if (left === 0) return;
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", rejectUnauthorized: false });
  sockets.push(socket);
  socket.on("secureConnect", () => {
    socket.write(
      "GET /api/v1/namespaces/default/configmaps?watch=1&resourceVersion=0 HTTP/1.1\r\n" +
        `host: localhost\r\nauthorization: Bearer ${process.env.TOKEN}\r\n\r\n`,
    );
  });
  socket.once("data", () => {
    socket.pause();
    ready++;
    if (ready === count) console.log("ready");
    open(left - 1);
  });
  socket.on("error", () => {});
};
for (let lane = 0; lane < 8; lane++) open(Math.floor(count / 8) + (lane < count % 8 ? 1 : 0));

process.stdin.once("data", () => {
  // Reads the first one to its end, to see what it was told.
  let text = "";
  sockets[0].on("data", (data) => {
    text += data;
    text = text.slice(-100_000);
    // The last, empty chunk of the body.
    if (text.endsWith("\r\n0\r\n\r\n")) console.log(`told ${text.slice(-600).replaceAll(/\s+/g, " ")}`);
  });
  sockets[0].resume();
});
