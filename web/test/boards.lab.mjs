// A project for the tests of dashboards: a container that is written to, a
// pushed dataset, and the files of the folder dashboards.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const program = process.env.LAZULI ?? join(root, 'bin/lazuli')

const project = `
name: boards
portal: {port: 0}
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos:
  port: 0
  databases:
    serverless_db:
      containers:
        events: {partitionKey: /deviceId}
`

// start runs the program; files are those of the folder dashboards.
export async function start(files = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'lazuli-boards-'))
  const folder = join(dir, 'dashboards')
  await mkdir(folder)
  await writeFile(join(dir, 'lazuli.yaml'), project)
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const env = { ...process.env, LAZULI_RUN_DIR: join(dir, 'run') }
  const up = spawn(program, ['up', dir], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const url = await new Promise((done, fail) => {
    const hear = (chunk) => {
      said += chunk
      const portal = /Portal\s+(http:\/\/[^\s?]+)/.exec(said)
      if (portal && /[Rr]eady|Try next/.test(said)) done(portal[1].replace(/\/$/, ''))
    }
    up.stdout.on('data', hear)
    up.stderr.on('data', hear)
    up.on('exit', (code) => fail(new Error(`lazuli ended with ${code}:\n${said}`)))
    setTimeout(() => fail(new Error('lazuli did not start:\n' + said)), 60_000).unref()
  })
  const post = async (path, body) => {
    const r = await fetch(url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`)
    return r.text()
  }
  return {
    url,
    dir,
    folder,
    said: () => said,
    push: (dataset, rows) => post(`/v1.0/myorg/datasets/${dataset}/tables/rows/rows`, { rows }),
    store: (item) => post('/api/databases/serverless_db/containers/events/items', item),
    read: (name) => readFile(join(folder, name), 'utf8'),
    write: (name, text) => writeFile(join(folder, name), text),
    remove: (name) => rm(join(folder, name)),
    stop: async () => {
      up.removeAllListeners('exit')
      const ended = new Promise((done) => up.once('exit', done))
      up.kill('SIGTERM')
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export const telemetry = () => readFile(join(root, 'examples/telemetry/dashboards/telemetry.json'), 'utf8')

// device is a document as the telemetry example stores it.
export const device = (i, at, temperature = 20 + (i % 7) * 3) => ({
  id: `${i}-${at}`,
  deviceId: `device-0${i % 5}`,
  timestamp: new Date(at).toISOString(),
  data: { temperature, humidity: 40 + (i % 9) },
  location: { region: i % 2 ? 'seoul' : 'busan', facility: 'plant ' + (i % 3) },
})
