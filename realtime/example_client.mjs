/** A client of narthex.v1 in sixty lines, written from PROTOCOL.md; for browsers, and Node with --experimental-websocket. */
export function live(url, getToken, topics, { onEvent, onSnapshot, onFrame = () => {} }) {
  const position = new Map(), joins = new Map(), answers = new Map();
  let socket, ref = 0, failures = 0, since = 0, heard = 0, draining = false, over = false;
  const send = (frame) => socket?.readyState === 1 && (socket.send(JSON.stringify(frame)), true);
  const join = (topic) => joins.set(++ref, topic) && send({ type: "join", ref, topic, after: position.get(topic) });
  const rejoin = (topic) => [...joins.values()].includes(topic) || (send({ type: "leave", ref: ++ref, topic }), join(topic));
  const end = (topic, code) => ((topics = topics.filter((t) => t !== topic)), onFrame({ type: "left", topic, code }));

  function take({ topic, seq, ...event }) {
    const [epoch, last] = position.get(topic) ?? ["", 0];
    if (seq > last + 1) rejoin(topic);
    if (seq !== last + 1) return;
    position.set(topic, [epoch, seq]);
    if (event.data !== null) onEvent({ topic, seq, ...event });
  }
  function joined(topic, { ok, data, error }, on) {
    const retry = () => socket === on && join(topic);
    if (!ok && ["unavailable", "limited", "internal"].includes(error.code))
      return setTimeout(retry, 1000 * ((error.retry_after ?? 1) + Math.random()));
    if (!ok) return end(topic, error.code);
    data.recovered ? data.events.forEach(take) : onSnapshot(topic, data.snapshot);
    position.set(topic, [data.epoch, data.seq]);
  }
  function compare([topic, [epoch, seq]]) {
    const [mine, last] = position.get(topic) ?? [epoch, seq];
    if (mine === "" && last === seq) position.set(topic, [epoch, seq]);
    else if (mine !== epoch || last < seq) rejoin(topic);
  }
  function frame(f) {
    if (f.type === "event") return take(f);
    if (f.type === "position") return Object.entries(f.topics).forEach(compare);
    if (f.type === "left") return end(f.topic, f.code);
    if (f.type !== "reply") return (draining ||= f.type === "drain"), onFrame(f);
    const topic = joins.get(f.ref), answer = answers.get(f.ref);
    joins.delete(f.ref), answers.delete(f.ref);
    if (topic) joined(topic, f, socket);
    if (answer) f.ok ? answer.resolve(f.data) : answer.reject(f.error);
  }
  const again = () => {
    failures = Date.now() - since > 30_000 ? 1 : failures + 1;
    setTimeout(connect, Math.random() * (draining ? 1 : Math.min(20, 0.5 * 2 ** failures)) * 1000);
    draining = false;
  };
  async function connect() {
    since = heard = Date.now();
    let token;
    try { token = await getToken(); } catch { return again(); }
    if (over) return;
    socket = new WebSocket(url, "narthex.v1");
    socket.onopen = () => (send({ type: "hello", ...(token && { token }) }), topics.forEach(join));
    socket.onmessage = ({ data }) => ((heard = Date.now()), frame(JSON.parse(data)));
    socket.onclose = ({ code }) => {
      for (const { reject } of answers.values()) reject({ code: "disconnected" });
      answers.clear(), joins.clear();
      over || code >= 4500 ? (clearInterval(watch), onFrame({ type: "closed", code })) : again();
    };
  }
  const watch = setInterval(() => Date.now() - heard > 40_000 && socket?.close(), 5_000);
  connect();
  const push = (topic, event, data, id = crypto.randomUUID()) => new Promise((resolve, reject) => {
    answers.set(++ref, { resolve, reject });
    if (!send({ type: "push", ref, topic, event, id, data })) answers.delete(ref), reject({ code: "disconnected" });
  });
  return { push, close: () => ((over = true), clearInterval(watch), socket?.close()) };
}
