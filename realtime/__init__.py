"""A real-time library: durable ordered topics over WebSockets, fanned out by several processes.

A product plugs in a `channel.Channel` per kind of topic, a `channel.Door`, a `log.Log`, a broker and a
presence, and runs a `node.Node`; a gateway gives it sockets (`transport.Transport`) and calls what
`Node.connect` returns. `PROTOCOL.md` tells how to write a client. Read the files in this order: topics,
log, frames, protocol, feed, hub, session, recovery, register, node.

Five files stand beside those the design names, because a file of more than 400 lines is two nouns: `feed`
(one topic on this node, the hub's data), `recovery` (what is read from the log), `register` (one node's
side of presence), `spread` (a histogram) and `wire_redis` (one server or a cluster, under the broker).

What a delivery costs is measured by `narthex bench fanout`, which runs the whole of it: a socket read, a batch,
COMMIT, Valkey, the sequencer, a socket written for each of 2,000 members. Where the time of the web process goes,
as `perf record -e cpu-clock -p PID` saw it meanwhile, with 2,000 members and events of 449 bytes:

                            1 event at a time    32 in flight
    the kernel              79 %                 73 %            send, TCP over loopback, waking who reads
    Python                  14 %                 21 %            the hub's loop, the batch, a transaction
    the socket's send       3 %                  2 %             from the loop into the kernel
    libc, asyncpg, msgspec  4 %                  4 %             and uvloop

The kernel's part is one send(2) for each member and flush, whatever is in it, and Socket.IO and ws pay it too: it is
why one event at a time cannot be had for much less, and why 32 in flight share a send and cost a twentieth. `narthex
bench fanout` measures it as well, as the floor: a process that does nothing but send. One event at a time costs a fifth
more than that, the commit and all the rest included.

What an idle connection costs is measured by `narthex bench connections` (proportional memory of the process, at two
sizes). Of it this library has 3.6 KiB for somebody with a name, a room with presence and a topic of their own, as
`python -m tests.realtime.weight` sees them grow by file (tracemalloc, a node with transports that keep nothing):

    1.2 KiB    hub, topics, frames: the topic of one's own, its address and its encoded name
    0.8 KiB    register, presence: who is here on this node, and what the others are told
    0.8 KiB    session, protocol, limits, wheel
    0.7 KiB    node, feed, log: the tables of the node, what the person may be shown as

The rest is uvloop's transport, uvicorn's protocol object and the product's own idea of who is asking. There is no
task, no queue, no parser and no request left: see `session` and `server/web/fanout_protocol.py`.
"""
