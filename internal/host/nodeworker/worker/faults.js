// Errors as the host is told of them.
'use strict';

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { fileURLToPath } = require('url');
const { inspect } = require('util');

// ensureError is what was thrown, as an error.
function ensureError(thrown) {
    if (thrown instanceof Error || (thrown && typeof thrown.message === 'string' && typeof thrown.stack === 'string')) {
        return thrown;
    }
    if (thrown === undefined || thrown === null) {
        return invented(`it failed with ${thrown} and no reason; throw an Error to give one`, '');
    }
    return invented(typeof thrown === 'string' ? thrown : describe(thrown), typeof thrown);
}

// invented is an error for what is none. It has no stack, since nobody knows where
// it was thrown.
function invented(message, name) {
    const error = new Error(message);
    error.name = name;
    error.stack = undefined;
    return error;
}

function describe(thrown) {
    try {
        return JSON.stringify(thrown) ?? String(thrown);
    } catch {
        return inspect(thrown);
    }
}

// LONGEST is how many characters of a text are told; the host reads 16 MiB of one
// message.
const LONGEST = 1 << 20;

// cut is a text that the host can be told, which says what it lacks.
function cut(text, most = LONGEST) {
    return text?.length > most ? `${text.slice(0, most)}... (${text.length - most} more characters were cut)` : text;
}

// fault is an error for the wire.
function fault(thrown) {
    const error = ensureError(thrown);
    return {
        message: cut(String(error.message || error.name || 'it failed without a reason')),
        type: error.name ? cut(String(error.name), 1000) : undefined, stack: cut(stackOf(error)), user: true,
    };
}

// stackOf is where an error and what caused it come from, without our own part.
function stackOf(error) {
    const all = [];
    const seen = new Set();
    for (let at = error; at && !seen.has(at); at = at.cause instanceof Error ? at.cause : undefined) {
        seen.add(at);
        all.push(at === error ? at.stack : `caused by ${at.stack ?? at}`);
    }
    const lines = all.filter(Boolean).join('\n').split('\n');
    return lines.filter((line) => !line.includes(__dirname)).join('\n') || undefined;
}

// where is the place in the app's own code from which an error comes, as
// path:line:column below its folder; '' when there is none.
function where(error, directory) {
    for (const line of String(error?.stack ?? '').split('\n')) {
        const match = /((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()\n]*?):(\d+)(?::(\d+))?\)?$/.exec(line.trim());
        if (match) {
            const file = match[1].startsWith('file:') ? fileURLToPath(match[1]) : match[1];
            const below = belowApp(file, directory);
            if (below) {
                return [below, match[2], match[3]].filter(Boolean).join(':');
            }
        }
    }
    return '';
}

// belowApp is the path of a file of the app's own code in its folder, else ''.
function belowApp(file, directory) {
    for (const root of [directory, real(directory)]) {
        const below = path.relative(root, file);
        const own = !below.startsWith('..') && !path.isAbsolute(below) && !below.split(path.sep).includes('node_modules');
        if (own && path.dirname(file) !== __dirname) {
            return below;
        }
    }
    return '';
}

function real(at) {
    try {
        return fs.realpathSync(at);
    } catch {
        return at;
    }
}

// syntaxPlace is where a module has a syntax error, of which Node's error does not
// tell: Node is asked again, file by file, beginning with the one that was loaded.
function syntaxPlace(directory, file) {
    const others = fs.readdirSync(directory, { recursive: true }).filter((f) => /\.m?js$/.test(f));
    for (const f of [file, ...others.map((o) => path.join(directory, o))].filter((f) => belowApp(f, directory)).slice(0, 30)) {
        const checked = spawnSync(process.execPath, ['--check', f], { encoding: 'utf8', timeout: 5000 });
        const place = checked.status ? where({ stack: checked.stderr }, directory) : '';
        if (place) {
            return place;
        }
    }
    return '';
}

// loadFault is why an app's file does not load: where, what and, when a package is
// missing, what to do.
function loadFault(thrown, directory, file) {
    const error = ensureError(thrown);
    const syntax = error instanceof SyntaxError && file.endsWith('js');
    const place = where(error, directory) || (syntax && syntaxPlace(directory, file)) || path.relative(directory, file);
    const name = thrown === error && error.name ? `${error.name}: ` : '';
    const message = cut(String(error.message)).split('\nRequire stack:')[0];
    return { ...fault(error), message: `${place}: ${name}${message}${hint(error, directory)}` };
}

function hint(error, directory) {
    const missing = /^Cannot find (?:module|package) '([^'./][^']*)'/.exec(error.message ?? '');
    if (missing) {
        return `\nthe package is not in node_modules: run npm install ${missing[1]} in ${directory}`;
    }
    if (error.code === 'ERR_UNKNOWN_FILE_EXTENSION' || /\.tsx?$/.test(error.path ?? '')) {
        return '\nthis version of Node runs JavaScript only: compile TypeScript, and let "main" in package.json name what is made';
    }
    return '';
}

module.exports = { cut, ensureError, fault, loadFault, where };
