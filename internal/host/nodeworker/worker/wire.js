// Frames: a length, a header in JSON, and parts of raw bytes behind it.
'use strict';

const fs = require('fs');
const net = require('net');

const ADDRESS = 'LAZULI_WORKER_ADDRESS';
const TOKEN = 'LAZULI_WORKER_TOKEN';

// What the host reads at most of one message: its header, its parts, their bytes.
const MAX_HEADER = 16 << 20;
const MAX_PARTS = 1 << 20;
const MAX_SIZE = 2 ** 31 - 1;

// Wire is the connection to the host.
class Wire {
    #socket;
    #chunks = [];
    #size = 0;
    #wanted = 4; // bytes until there is more to read: a length, a header or the parts
    #header = null;
    #message = null;
    #gone = false;

    // received is given each message and its parts, closed is called when the
    // host has gone.
    constructor(socket) {
        this.#socket = socket;
        this.received = () => {};
        this.closed = () => {};
        socket.on('data', (chunk) => this.#feed(chunk));
        socket.on('error', () => this.#end());
        socket.on('close', () => this.#end());
    }

    #end() {
        if (!this.#gone) {
            this.#gone = true;
            this.closed();
        }
    }

    #feed(chunk) {
        this.#chunks.push(chunk);
        this.#size += chunk.length;
        while (this.#size >= this.#wanted) {
            this.#step(this.#take(this.#wanted));
        }
    }

    // take removes the first n bytes of what has come.
    #take(n) {
        const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#size);
        this.#size -= n;
        this.#chunks = this.#size > 0 ? [all.subarray(n)] : [];
        return all.subarray(0, n);
    }

    #step(bytes) {
        if (this.#message !== null) {
            this.#deliver(bytes);
        } else if (this.#header !== null) {
            this.#message = JSON.parse(bytes.toString());
            this.#wanted = this.#message.parts.reduce((sum, n) => sum + n, 0);
            if (this.#wanted === 0) {
                this.#deliver(Buffer.alloc(0));
            }
        } else {
            this.#wanted = this.#header = bytes.readUInt32BE();
        }
    }

    #deliver(bytes) {
        const message = this.#message;
        this.#message = this.#header = null;
        this.#wanted = 4;
        let at = 0;
        const parts = message.parts.map((n) => bytes.subarray(at, (at += n)));
        this.received(message, parts);
    }

    // send writes a message behind those that wait. It throws, and writes nothing,
    // when the message has no form on the wire.
    send(message, parts = []) {
        if (this.#gone) {
            return;
        }
        const first = head(message, parts);
        this.#socket.cork();
        this.#socket.write(first);
        for (const p of parts) {
            this.#socket.write(p);
        }
        this.#socket.uncork();
    }

    // last writes a message at once, when the process is about to end: nothing
    // that waits would be written any more. It says so, else the host might ask
    // one more thing of a process that has answered.
    last(message) {
        const fd = this.#socket._handle?.fd;
        if (this.#gone || !(fd >= 0) || this.#socket.writableLength > 0) {
            return;
        }
        try {
            fs.writeSync(fd, head({ ...message, ending: true }, []));
        } catch {
            // The host will notice that we have gone.
        }
    }

    // hangUp closes the connection at once, when the process ends: the host shall
    // ask nothing more of it.
    hangUp() {
        const fd = this.#socket._handle?.fd;
        if (!this.#gone && fd >= 0) {
            this.#gone = true;
            fs.closeSync(fd);
        }
    }

    // flush writes what waits and calls done.
    flush(done) {
        if (this.#gone || this.#socket.writableLength === 0) {
            done();
            return;
        }
        this.#socket.write('', done);
    }
}

// head is a frame without its parts. Their sizes come first: by them the host
// passes over a frame that it cannot read.
function head(message, parts) {
    const sizes = parts.map((p) => p.length);
    const size = sizes.reduce((sum, n) => sum + n, 0);
    const header = Buffer.from(JSON.stringify({ parts: sizes, ...message }));
    if (header.length > MAX_HEADER) {
        throw new RangeError(
            `the names, headers and numbers of an answer take ${header.length} bytes; at most ${MAX_HEADER} fit. ` +
            'Put what is large into a body or an output',
        );
    }
    if (sizes.length > MAX_PARTS || size > MAX_SIZE) {
        throw new RangeError(
            `the body and outputs of an answer are ${sizes.length} values of ${size} bytes; ` +
            `at most ${MAX_PARTS} of ${MAX_SIZE} bytes fit`,
        );
    }
    const frame = Buffer.allocUnsafe(4 + header.length);
    frame.writeUInt32BE(header.length);
    header.copy(frame, 4);
    return frame;
}

// connect dials the host, says the token and gives the wire to ready. The app is
// not told either.
function connect(ready) {
    const [network, ...rest] = process.env[ADDRESS].split(':');
    const token = process.env[TOKEN];
    delete process.env[ADDRESS];
    delete process.env[TOKEN];
    const at = network === 'unix' ? { path: rest.join(':') } : { host: rest[0], port: Number(rest[1]) };
    const socket = net.connect(at);
    socket.setNoDelay?.(true);
    const wire = new Wire(socket);
    ready(wire);
    wire.send({ verb: 'start', token });
}

module.exports = { connect };
