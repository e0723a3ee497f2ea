// HTTP streaming: @azure/functions opens a server for requests that the host
// passes on.
'use strict';

const net = require('net');

const LOOPBACK = '127.0.0.1';

// onLoopback calls open and keeps the servers that it opens to this machine: the
// SDK names no address, by which all interfaces would be meant, past the host and
// the keys that it asks for. HttpUri of what it returns names where they are.
async function onLoopback(open) {
    const listen = net.Server.prototype.listen;
    net.Server.prototype.listen = function (...args) {
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

module.exports = { onLoopback };
