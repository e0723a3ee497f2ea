// Starts the worker; the host says where it listens in the environment.
'use strict';

const { connect } = require('./wire');
const { Worker } = require('./worker');

connect((wire) => new Worker(wire));
