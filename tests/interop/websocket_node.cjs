// SPDX-License-Identifier: MIT
// npm's ws for websocket_test.py: node websocket_node.cjs serve|talk PORT deflate|plain
// NODE_PATH has the folder in which the package ws lies.
"use strict";
const WebSocket = require("ws");
const [what, port, deflate] = process.argv.slice(2);
const perMessageDeflate = deflate === "deflate" ? {threshold: 16} : false;

function fail(why) {
  console.error(why);
  process.exit(1);
}

if (what === "serve") {
  const options = {port: Number(port), host: "127.0.0.1", perMessageDeflate};
  new WebSocket.WebSocketServer(options).on("connection", (ws) => {
    ws.on("message", (data, binary) => ws.send(data, {binary}));
  });
} else {
  const ws = new WebSocket("ws://127.0.0.1:" + port + "/", {perMessageDeflate});
  const sizes = [0, 1, 125, 126, 127, 1000, 65535, 65536, 1000000];
  const waiting = [];
  let answered = false;
  ws.on("open", () => {
    for (const size of sizes) {
      const text = "ü".repeat(Math.floor(size / 2));
      waiting.push(text, Buffer.alloc(size, size));
      ws.send(text);
      ws.send(Buffer.alloc(size, size));
    }
    waiting.push("grüße");
    ws.send("grü", {fin: false});
    ws.ping("between");
    ws.send("ße", {fin: true});
  });
  ws.on("pong", (data) => { answered = data.toString() === "between"; });
  ws.on("message", (data, binary) => {
    const expected = waiting.shift();
    const same = binary ? Buffer.compare(data, expected) === 0 : data.toString() === expected;
    if (!same)
      fail("what came back is not what was sent");
    if (waiting.length === 0)
      ws.close(4001, "done");
  });
  ws.on("error", (error) => fail(String(error)));
  ws.on("close", (code) => {
    if (code !== 4001 || !answered)
      fail("closed with " + code + (answered ? "" : ", and the ping was not answered"));
    console.log("extensions \"" + ws.extensions + "\"");
  });
}
