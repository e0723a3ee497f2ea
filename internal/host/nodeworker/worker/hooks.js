// What an app wants to be told of.
'use strict';

const { systemError } = require('./core');

const NAMES = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'];

// Hooks are an app's callbacks by name, in the order of their registration.
class Hooks {
    #all = new Map(NAMES.map((name) => [name, []]));

    // register adds a callback and returns what takes it out again.
    register(name, callback) {
        const all = this.#all.get(name);
        if (!all) {
            throw systemError(new RangeError(`Unrecognized hook "${name}"`));
        }
        all.push(callback);
        return () => {
            const at = all.indexOf(callback);
            if (at >= 0) {
                all.splice(at, 1);
            }
        };
    }

    // run calls them one after the other and waits for each.
    async run(name, context) {
        for (const callback of [...this.#all.get(name)]) {
            await callback(context);
        }
    }

    // of returns the callbacks, for those that nobody waits for.
    of(name) {
        return this.#all.get(name);
    }
}

module.exports = { Hooks };
