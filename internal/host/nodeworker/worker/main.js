// Starts the worker; the host says where it listens in the environment.
'use strict';

const Module = require('module');
const path = require('path');

// What V8 made of a file is kept beside it for the next start, where Node can.
Module.enableCompileCache?.(path.join(__dirname, 'compiled'));

const { connect } = require('./wire');
const { Worker } = require('./worker');

// What every app requires is loaded before the app is known: a worker may wait for it.
function preload() {
    const [root] = (process.env.LAZULI_WORKER_PRELOAD ?? '').split('|');
    delete process.env.LAZULI_WORKER_PRELOAD;
    if (root) {
        try {
            require(root);
        } catch {
            // The app says what is wrong with it.
        }
    }
}

connect((wire) => new Worker(wire));
preload();
