// The files that a pattern of package.json's main names: ** is any folders, * and
// ? anything but a slash, {a,b} one of several, [ab] one of some characters.
'use strict';

const fs = require('fs');
const path = require('path');

// isPattern reports whether a text is more than the name of a file.
function isPattern(text) {
    return /[*?{}[\]]/.test(text);
}

// compile turns a pattern into an expression for paths with slashes.
function compile(pattern) {
    let out = '';
    let depth = 0;
    for (let i = 0; i < pattern.length; i++) {
        const c = pattern[i];
        if (c === '*' && pattern[i + 1] === '*') {
            i++;
            if (pattern[i + 1] === '/') {
                i++;
                out += '(?:[^/]+/)*';
            } else {
                out += '.*';
            }
        } else if (c === '*') {
            out += '[^/]*';
        } else if (c === '?') {
            out += '[^/]';
        } else if (c === '{') {
            out += '(?:';
            depth++;
        } else if (c === '}' && depth > 0) {
            out += ')';
            depth--;
        } else if (c === ',' && depth > 0) {
            out += '|';
        } else if (c === '[' && pattern.indexOf(']', i + 2) > 0) {
            const end = pattern.indexOf(']', i + 2);
            out += '[' + pattern.slice(i + 1, end).replace(/^!/, '^').replace(/\\/g, '\\\\') + ']';
            i = end;
        } else {
            out += c.replace(/[.+^$()|\\[\]{}]/g, '\\$&');
        }
    }
    return new RegExp('^' + out + ')'.repeat(depth) + '$');
}

// find returns the files below a folder that a pattern names, in order.
function find(directory, pattern) {
    const clean = pattern.replace(/\\/g, '/').replace(/^\.\//, '');
    const wanted = compile(clean);
    const found = [];
    const walk = (below) => {
        let entries;
        try {
            entries = fs.readdirSync(path.join(directory, below), { withFileTypes: true });
        } catch {
            return;
        }
        for (const e of entries) {
            const at = below ? `${below}/${e.name}` : e.name;
            if (e.isDirectory() || (e.isSymbolicLink() && isDirectory(path.join(directory, at)))) {
                if (e.name !== 'node_modules' && !e.name.startsWith('.') && !e.isSymbolicLink()) {
                    walk(at);
                }
            } else if (wanted.test(at)) {
                found.push(at);
            }
        }
    };
    walk(fixedFolder(clean));
    return found.sort();
}

// fixedFolder is the part of a pattern before anything that varies.
function fixedFolder(pattern) {
    const parts = pattern.split('/');
    const first = parts.findIndex(isPattern);
    return parts.slice(0, first < 0 ? parts.length - 1 : Math.min(first, parts.length - 1)).join('/');
}

function isDirectory(at) {
    try {
        return fs.statSync(at).isDirectory();
    } catch {
        return false;
    }
}

module.exports = { find, isPattern };
