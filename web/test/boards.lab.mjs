// A project for the tests of dashboards: a container that is written to, a
// pushed dataset, and the files of the folder dashboards.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root, run } from './instance.mjs'

const project = `
name: boards
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
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
  const { dir, url, stop } = await run(project, files)
  const folder = join(dir, 'dashboards')
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
    push: (dataset, rows) => post(`/v1.0/myorg/datasets/${dataset}/tables/rows/rows`, { rows }),
    store: (item) => post('/api/accounts/default/databases/serverless_db/containers/events/items', item),
    read: (name) => readFile(join(folder, name), 'utf8'),
    write: (name, text) => writeFile(join(folder, name), text),
    remove: (name) => rm(join(folder, name)),
    stop,
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
