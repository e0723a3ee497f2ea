// A function app: its entry files, and what they register.
'use strict';

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');

const { provide, systemError } = require('./core');
const { loadFault, where } = require('./faults');
const glob = require('./glob');
const { Hooks } = require('./hooks');
const { Logs } = require('./logs');

// App is what runs; one process has one.
class App {
    #starting = true;
    #entry = ''; // the file that is being loaded

    constructor(wire, version) {
        this.version = version;
        this.hostVersion = '';
        this.directory = '';
        this.model = undefined; // of the app's SDK
        this.hookData = {};
        this.functions = new Map(); // by id: {metadata, callback, entry, place}
        this.doubles = []; // registered under a name that was taken
        this.hooks = new Hooks();
        this.logs = new Logs(wire, this.hooks);
        provide(this);
    }

    // register takes a function in and returns what takes it out again.
    register(metadata, callback) {
        if (!this.#starting) {
            throw systemError(new Error('A function can only be registered during app startup.'));
        }
        const id = metadata.functionId ?? metadata.name;
        const place = where(new Error(), this.directory);
        const before = this.functions.get(id);
        if (before) { // the first one runs, and the host tells of this
            const at = before.place ? `, at ${before.place}` : '';
            const message = `${place || this.#entry}: a function named "${metadata.name}" has already been registered${at}; give each its own name`;
            const double = { metadata, entry: this.#entry, place, message };
            this.doubles.push(double);
            return () => void this.doubles.splice(this.doubles.indexOf(double), 1);
        }
        this.functions.set(id, { metadata: { ...metadata, functionId: id }, callback, entry: this.#entry, place });
        return () => {
            if (!this.#starting) {
                throw systemError(new Error('A function can only be disposed during app startup.'));
            }
            this.functions.delete(id);
        };
    }

    // start loads the app in a folder. It returns what keeps it from running, as a
    // fault, or undefined.
    async start(directory) {
        this.directory = directory;
        this.#starting = true;
        let file = path.join(directory, 'package.json');
        try {
            const main = this.#main(file);
            const entries = this.#entries(main);
            if (entries.length === 0) {
                const missing = fs.existsSync(file)
                    ? `package.json: "main" is "${main}", and no file is so called${this.#alternatives()}`
                    : 'there is no package.json, whose "main" names the app\'s file, and no index.js';
                return { message: missing, user: true };
            }
            for (file of entries) {
                this.#entry = path.relative(directory, file);
                await load(file);
            }
            await this.hooks.run('appStart', { functionAppDirectory: directory, hookData: {}, appHookData: this.hookData });
        } catch (thrown) {
            return loadFault(thrown, directory, file);
        } finally {
            this.#starting = false;
        }
        return undefined;
    }

    #main(file) {
        if (!fs.existsSync(file)) {
            return 'index.js';
        }
        const { main } = JSON.parse(fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
        return main || 'index.js';
    }

    // entries are the files that main names: one, as Node finds it, or those of a
    // pattern.
    #entries(main) {
        if (glob.isPattern(main) && !fs.existsSync(path.join(this.directory, main))) {
            return glob.find(this.directory, main).map((f) => path.join(this.directory, f));
        }
        const named = path.join(this.directory, main);
        if (isFile(named)) {
            return [named];
        }
        try {
            return [require.resolve(named)];
        } catch {
            return [];
        }
    }

    // alternatives tells what the folder holds in place of the entry file.
    #alternatives() {
        const old = fs.readdirSync(this.directory).find((d) => isFile(path.join(this.directory, d, 'function.json')));
        if (old) {
            return `; ${olderModel(old)}`;
        }
        const has = (f) => fs.existsSync(path.join(this.directory, f));
        return has('tsconfig.json') ? '; compile the TypeScript first, as with npm run build' : '';
    }

    // index is what is told of the functions.
    index() {
        if (this.functions.size === 0) {
            const old = fs.readdirSync(this.directory).find((d) => isFile(path.join(this.directory, d, 'function.json')));
            if (old) {
                return { error: { message: olderModel(old), user: true } };
            }
        }
        const doubles = this.doubles.map((f, n) => ({ ...this.#declare(`${f.metadata.name}#${n + 2}`, f), error: { message: f.message, user: true } }));
        return { functions: [...this.functions].map(([id, f]) => this.#declare(id, f)).concat(doubles) };
    }

    #declare(id, { metadata, entry, place }) {
        const bindings = Object.entries(metadata.bindings ?? {});
        const [policy, wrong] = retry(metadata.retryOptions);
        return {
            error: wrong && { message: `${place || entry}: the retry policy of ${metadata.name} has ${wrong}`, user: true },
            id, name: metadata.name, directory: this.directory, scriptFile: path.basename(entry), language: 'node',
            bindings: bindings.map(([name, b]) => JSON.stringify({ ...b, name })),
            retry: policy,
            properties: { supportsDeferredBinding: String(bindings.some(([, b]) => b.properties?.supportsDeferredBinding === 'true')) },
        };
    }

    // capabilities asks the app's SDK what else it can do.
    async capabilities(defaults) {
        if (!this.model?.getCapabilities) {
            return defaults;
        }
        return (await this.model.getCapabilities({ ...defaults })) ?? defaults;
    }

    // terminate calls what wants to know of the end.
    terminate() {
        return this.hooks.run('appTerminate', { hookData: {}, appHookData: this.hookData });
    }
}

// olderModel is why an app of function.json files does not run, and what to do.
function olderModel(folder) {
    return (
        `${folder}/function.json declares a function in the older way (programming model v3), which does not run here. ` +
        'Register functions in code with app.http() and its like of @azure/functions 4 ' +
        '(https://aka.ms/AzFuncNodeV4 tells how to move), or run the app as it is with Azure\'s `func start`'
    );
}

// load runs one file, as its kind of module.
async function load(file) {
    if (!isModule(file)) {
        try {
            require(file);
            return;
        } catch (error) {
            if (error?.code !== 'ERR_REQUIRE_ESM') {
                throw error;
            }
        }
    }
    await import(pathToFileURL(file).href);
}

// isModule reports whether a file is an ECMAScript module: by its name, else by the
// nearest package.json.
function isModule(file) {
    switch (path.extname(file)) {
        case '.mjs':
        case '.mts':
            return true;
        case '.cjs':
        case '.cts':
            return false;
    }
    for (let at = path.dirname(file); ; at = path.dirname(at)) {
        try {
            return JSON.parse(fs.readFileSync(path.join(at, 'package.json'), 'utf8')).type === 'module';
        } catch {
            if (at === path.dirname(at)) {
                return false;
            }
        }
    }
}

function isFile(at) {
    try {
        return fs.statSync(at).isFile();
    } catch {
        return false;
    }
}

// retry is a retry policy for the wire, or what is wrong with it.
function retry(r) {
    if (!r) {
        return [];
    }
    const max = Number(r.maxRetryCount ?? 0);
    if (max !== (max | 0)) {
        return [undefined, `the maxRetryCount ${r.maxRetryCount}, which is no integer of 32 bits; -1 is for ever`];
    }
    const seconds = (d) => (d ? Number(d.seconds ?? 0) + Number(d.nanos ?? 0) / 1e9 : 0);
    const times = { delay: seconds(r.delayInterval), least: seconds(r.minimumInterval), most: seconds(r.maximumInterval) };
    const odd = Object.values(times).find((n) => !Number.isFinite(n));
    return odd === undefined
        ? [{ strategy: r.retryStrategy === 'fixedDelay' ? 'fixed' : 'exponential', max, ...times }]
        : [undefined, `an interval of ${odd} seconds`];
}

module.exports = { App };
