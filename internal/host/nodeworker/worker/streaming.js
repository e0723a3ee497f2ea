// HTTP streaming: @azure/functions opens a server for requests that the host
// passes on, and answers there.
'use strict';

const net = require('net');

const LOOPBACK = '127.0.0.1';
const INVOCATION = 'x-ms-invocation-id';

// Streaming looks after that server.
class Streaming {
    #open = new Map(); // responses by invocation

    // opening calls open and keeps the servers that it opens to this machine: the
    // SDK names no address, by which all interfaces would be meant, past the host
    // and the keys that it asks for. HttpUri of what it returns names where they
    // are.
    async opening(open) {
        const listen = net.Server.prototype.listen;
        const follow = (server) => server.on('request', (request, response) => this.#follow(request, response));
        net.Server.prototype.listen = function (...args) {
            follow(this);
            if (args.length === 0 || typeof args[0] === 'function') {
                return listen.call(this, 0, LOOPBACK, ...args);
            }
            if (typeof args[0] === 'number' && typeof args[1] !== 'string') {
                return listen.call(this, args[0], LOOPBACK, ...args.slice(1));
            }
            return listen.apply(this, args);
        };
        try {
            const opened = await open();
            if (opened.HttpUri) {
                opened.HttpUri = opened.HttpUri.replace('//localhost:', `//${LOOPBACK}:`);
            }
            return opened;
        } finally {
            net.Server.prototype.listen = listen;
        }
    }

    #follow(request, response) {
        const id = request.headers[INVOCATION];
        this.#open.set(id, response);
        response.on('close', () => this.#open.delete(id));
    }

    // ended answers in place of a function that did not: the SDK says nothing when
    // one fails or returns nothing, and the caller would wait.
    ended(invocation, failed) {
        const response = this.#open.get(invocation);
        if (!response || response.writableEnded) {
            return;
        }
        if (response.headersSent) {
            response.destroy(); // it broke off
            return;
        }
        response.statusCode = failed ? 500 : 200; // as the host answers when nothing is streamed
        response.setHeader(INVOCATION, invocation);
        response.end();
    }
}

module.exports = { Streaming };
