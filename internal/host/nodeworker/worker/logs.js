// Logs go to the host, past the app's log hooks.
'use strict';

const { cut } = require('./faults');

const LEVELS = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

// Logs writes records.
class Logs {
    #wire;
    #hooks;
    #inHook = false; // what a hook logs is not given to hooks again

    constructor(wire, hooks) {
        this.#wire = wire;
        this.#hooks = hooks;
    }

    // write takes {level, category, message} and, of an invocation, {invocation,
    // function, context, appHookData}.
    write(record) {
        const system = record.category !== 'user';
        const seen = {
            hookData: {}, appHookData: record.appHookData ?? {}, level: record.level, message: record.message,
            category: record.category, invocationContext: record.context,
        };
        this.#callHooks(seen);
        const shown = system ? record : seen;
        this.#wire.send({
            verb: 'log',
            log: {
                invocation: record.invocation, system: system || undefined,
                category: record.function && !system ? `Function.${record.function}.User` : 'Worker',
                level: LEVELS.includes(shown.level) ? shown.level : 'information', message: cut(String(shown.message)),
            },
        });
    }

    #callHooks(seen) {
        const callbacks = this.#hooks.of('log');
        if (this.#inHook || callbacks.length === 0) {
            return;
        }
        this.#inHook = true;
        try {
            for (const callback of callbacks) {
                callback(seen);
            }
        } catch (error) {
            this.write({ level: 'error', category: 'system', message: `a log hook failed: ${error?.stack ?? error}` });
        } finally {
            this.#inHook = false;
        }
    }
}

module.exports = { Logs };
