// What the functions saw, asked for over HTTP.
const seen = [];

module.exports = { seen, note: (kind, what) => seen.push({ kind, ...what }) };
