// A Socket.IO room that passes every message on to everyone in it and stores nothing.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, pingInterval: 25000 });
io.on("connection", (socket) => {
  socket.join("room");
  socket.on("event", (data) => io.to("room").emit("event", data));
});
http.listen(Number(process.argv[2]), "127.0.0.1", 4096, () => console.log("ready"));
