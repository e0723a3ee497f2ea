// What the host asks for, and the life of the process.
'use strict';

const { AsyncLocalStorage } = require('async_hooks');
const fs = require('fs');
const path = require('path');

const { App } = require('./app');
const { fault: faultOf, where } = require('./faults');
const { answerOf, invoke, requestOf } = require('./invoke');
const { Streaming } = require('./streaming');

const VERSION = '1.0.0';

const CAPABILITIES = {
    RawHttpBodyBytes: 'true', RpcHttpTriggerMetadataRemoved: 'true', RpcHttpBodyOnly: 'true',
    IgnoreEmptyValuedRpcHttpHeaders: 'true', UseNullableValueDictionaryForHttp: 'true', WorkerStatus: 'true',
    TypedDataCollection: 'true', HandlesWorkerTerminateMessage: 'true',
};

// Worker answers the host.
class Worker {
    #wire;
    #app;
    #fault; // why the app does not run
    #greeted = false; // init has been answered
    #indexed = false; // and index
    #running = new AsyncLocalStorage(); // the id of the invocation
    #answering = new Set(); // ids
    #streaming = new Streaming();
    #ending = false;

    constructor(wire) {
        this.#wire = wire;
        this.#app = new App(wire, VERSION);
        wire.received = (message, parts) => this.#receive(message, parts);
        wire.closed = () => process.exit(this.#ending ? 0 : 1);
        process.on('uncaughtException', (error) => this.#crash(error, 'an error was thrown that nobody caught'));
        process.on('unhandledRejection', (reason) => {
            if (process.listenerCount('unhandledRejection') === 1) { // else the app looks after them
                this.#crash(reason, 'a promise was rejected and nobody handled it');
            }
        });
        process.on('exit', (code) => {
            this.#leave(code);
            wire.hangUp();
        });
        noteExits();
    }

    #receive(message, parts) {
        switch (message.verb) {
            case 'init':
                return void this.#init(message);
            case 'index':
                return this.#index();
            case 'load':
                return this.#load(message.function);
            case 'invoke':
                return void this.#running.run(message.id, () => this.#invoke(message, parts));
            case 'status':
                return this.#wire.send({ verb: 'status' });
            case 'reload':
                return void this.#reload(message);
            case 'terminate':
                return void this.#terminate(message);
        }
    }

    async #init(message) {
        this.#app.hostVersion = message.hostVersion;
        this.#greet(await this.#start(message.appDir));
    }

    #greet(capabilities) {
        if (!this.#greeted) {
            this.#greeted = true;
            this.#wire.send({ verb: 'init', capabilities, runtime: { name: 'node', version: process.versions.node, worker: VERSION } });
        }
    }

    // start loads the app. Why it does not run is told when its functions are asked
    // for.
    async #start(directory) {
        process.chdir(directory);
        if (fs.existsSync(path.join(directory, 'tsconfig.json'))) {
            process.setSourceMapsEnabled(true); // errors name the lines that people wrote
        }
        this.#fault = undefined;
        const fault = await this.#app.start(directory);
        this.#fault ??= fault;
        if (this.#fault) {
            return CAPABILITIES;
        }
        try {
            return await this.#streaming.opening(() => this.#app.capabilities(CAPABILITIES));
        } catch (error) {
            this.#fault = faultOf(error);
            return CAPABILITIES;
        }
    }

    #index() {
        this.#indexed = true;
        try {
            this.#wire.send({ verb: 'index', ...(this.#fault ? { error: this.#fault } : this.#app.index()) });
        } catch (error) {
            this.#wire.send({ verb: 'index', error: faultOf(error) });
        }
    }

    #load(f) {
        const known = this.#app.functions.has(f.id);
        this.#wire.send({ verb: 'load', id: f.id, error: known ? undefined : { message: `no function has the id ${f.id}` } });
    }

    async #invoke(message, parts) {
        const sent = [];
        let answer;
        this.#answering.add(message.id);
        try {
            const f = this.#app.functions.get(message.functionId);
            if (!f) {
                throw new Error(`no function has the id ${message.functionId}`);
            }
            answer = answerOf(await invoke(this.#app, f, requestOf(message, parts)), sent);
        } catch (error) {
            sent.length = 0;
            answer = { status: 'failed', error: faultOf(error) };
        }
        this.#answering.delete(message.id);
        this.#streaming.ended(message.id, answer.status !== 'ok');
        try {
            this.#wire.send({ verb: 'invoke', id: message.id, ...answer }, sent);
        } catch (error) { // it has no form on the wire
            this.#wire.send({ verb: 'invoke', id: message.id, status: 'failed', error: faultOf(error) });
        }
    }

    async #reload(message) {
        for (const name of Object.keys(process.env)) {
            delete process.env[name];
        }
        Object.assign(process.env, message.environment);
        const capabilities = await this.#start(message.appDir);
        this.#wire.send({ verb: 'reload', capabilities, error: this.#fault });
    }

    async #terminate(message) {
        this.#ending = true;
        const late = setTimeout(() => process.exit(0), Math.max(500, (message.grace ?? 0) * 800));
        late.unref();
        try {
            await this.#app.terminate();
        } catch (error) {
            this.#log('error', `an appTerminate hook failed: ${error?.stack ?? error}`);
        }
        this.#wire.flush(() => process.exit(0));
    }

    // crash ends the process: what else the error has spoiled, nobody knows. The
    // invocation that it came from is told the reason; while the app starts, it is
    // why the app does not.
    #crash(error, what) {
        const at = where(error, this.#app.directory);
        const told = faultOf(error);
        told.message = `${what}${at ? ` (${at})` : ''}: ${told.message}`;
        if (!this.#indexed) {
            this.#fault ??= told;
            this.#greet(CAPABILITIES);
            return;
        }
        this.#ending = true;
        this.#log('critical', `${told.message}\n${told.stack ?? ''}`.trimEnd());
        this.#last(told);
        this.#wire.flush(() => process.exit(1));
        setTimeout(() => process.exit(1), 500).unref();
    }

    // leave is told that the process ends, which a function may do by process.exit.
    #leave(code) {
        if (this.#ending) {
            return;
        }
        const at = where(noteExits.called, this.#app.directory);
        const how = noteExits.called ? `process.exit(${code}) was called${at ? ` at ${at}` : ''}` : `the process ended by itself (exit code ${code})`;
        this.#ending = true;
        this.#last({ message: `${how}; it ends the worker of all functions`, type: 'ProcessExit', user: true, stack: noteExits.called && faultOf(noteExits.called).stack });
    }

    // last tells the reason of the end to who waits: the invocation, or the host
    // while the app starts.
    #last(reason) {
        const id = this.#running.getStore();
        if (id !== undefined && this.#answering.delete(id)) {
            this.#wire.last({ verb: 'invoke', id, status: 'failed', error: reason });
        } else if (!this.#greeted) {
            this.#wire.last({ verb: 'init', error: reason });
        } else {
            this.#wire.last({ verb: 'log', log: { category: 'Worker', level: 'critical', system: true, message: reason.message } });
        }
    }

    #log(level, message) {
        this.#app.logs.write({ level, category: 'system', message });
    }
}

// noteExits remembers where process.exit was called.
function noteExits() {
    const exit = process.exit;
    process.exit = function (code) {
        noteExits.called ??= new Error('process.exit');
        return exit.call(process, code);
    };
}

module.exports = { Worker };
