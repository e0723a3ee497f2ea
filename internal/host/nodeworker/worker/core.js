// The module @azure/functions-core, which @azure/functions expects of whoever runs
// an app: it registers functions and hooks with us.
'use strict';

const Module = require('module');

const NAME = '@azure/functions-core';

// Disposable undoes a registration.
class Disposable {
    #dispose;

    static from(...all) {
        return new Disposable(() => {
            for (const one of all.splice(0)) {
                one?.dispose?.();
            }
        });
    }

    constructor(dispose) {
        this.#dispose = dispose;
    }

    dispose() {
        const dispose = this.#dispose;
        this.#dispose = undefined;
        return dispose?.();
    }
}

// core makes the module over an app.
function core(app) {
    return {
        version: app.version,
        get hostVersion() {
            if (!app.hostVersion) {
                throw systemError(new Error('Cannot access hostVersion before worker init'));
            }
            return app.hostVersion;
        },
        Disposable,
        registerFunction: (metadata, callback) => new Disposable(app.register(metadata, callback)),
        registerHook: (name, callback) => new Disposable(app.hooks.register(name, callback)),
        setProgrammingModel: (model) => {
            app.model = model;
        },
        getProgrammingModel: () => app.model,
        log: (level, category, message) => app.logs.write({ level, category, message }),
    };
}

// provide lets the app's packages require the module.
function provide(app) {
    const module = core(app);
    const load = Module._load;
    Module._load = function (name, ...rest) {
        return name === NAME ? module : load.call(this, name, ...rest);
    };
}

// systemError marks an error as one of ours, as the vendor's worker does.
function systemError(error) {
    error.isAzureFunctionsSystemError = true;
    return error;
}

module.exports = { provide, systemError };
