// Function apps for the browser tests: a Go app whose events say how it is to
// behave, and a custom handler in Node with as many functions as are wanted.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { end, folder, launch, program, root } from './instance.mjs'

const local = {
  Hub: 'Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true',
  Cosmos:
    'AccountEndpoint=https://localhost:8081/;AccountKey=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==;',
  HubName: 'telemetry',
}

const handler = `import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
function median(samples) {
  return samples[7].value
}
createServer((req, res) => {
  let text = ''
  req.on('data', (d) => (text += d))
  req.on('end', () => {
    if (req.url.startsWith('/f') || req.url.startsWith('/steady')) {
      res.setHeader('Content-Type', 'application/json')
      return res.end('{"Logs":["ran"]}')
    }
    if (req.url === '/kept' || req.url === '/guarded') {
      if (!existsSync('mended') && text.includes('bad')) res.statusCode = 500
      return res.end(res.statusCode === 500 ? 'the store is down' : '{}')
    }
    try {
      median(JSON.parse(text || '[]'))
    } catch (e) {
      res.statusCode = 500
      res.end(e.stack)
    }
  })
}).listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), '127.0.0.1')
`

// functions writes a custom handler's folder with n quiet functions, one that
// runs every second, and one that fails when it is run.
async function edge(dir, n, wrong) {
  const fn = async (name, binding) => {
    await mkdir(join(dir, name), { recursive: true })
    await writeFile(join(dir, name, 'function.json'), JSON.stringify({ bindings: [binding] }))
  }
  await mkdir(dir, { recursive: true })
  await writeFile(
    join(dir, 'host.json'),
    JSON.stringify({
      version: '2.0',
      customHandler: { description: { defaultExecutablePath: 'node', arguments: ['handler.mjs'] } },
      lazuli: {
        functions: {
          kept: { deadLetter: { queue: 'kept-letters' } },
          guarded: { circuitBreaker: { failures: 2, pause: '00:00:02', longestPause: '00:00:02' } },
        },
      },
    }),
  )
  await writeFile(join(dir, 'handler.mjs'), handler)
  const never = { type: 'timerTrigger', direction: 'in', name: 't', schedule: '0 0 0 1 1 *' }
  const hub = { type: 'eventHubTrigger', direction: 'in', name: 'e', connection: 'Hub', cardinality: 'one' }
  await fn('kept', { ...hub, eventHubName: 'kept' })
  await fn('guarded', { ...hub, eventHubName: 'guarded' })
  await fn('broken_median', never)
  await fn('steady', { ...never, schedule: '* * * * * *' })
  for (let i = 0; i < n; i++) await fn('f' + String(i).padStart(3, '0'), never)
  if (!wrong) return
  await fn('lost', { type: 'questTrigger', direction: 'in', name: 'q' })
  for (const name of ['asked', 'unasked'])
    await fn(name, { type: 'httpTrigger', direction: 'in', name: 'req', route: 'one' })
}

// startApps runs both apps; more quiet functions make the second one large. With
// tiny there is a third, whose code the test may change; with wrong the second has a
// function that cannot run, and one that gets no requests.
export async function startApps({ quiet = 3, tiny = false, wrong = false } = {}) {
  const dir = await folder()
  await edge(join(dir, 'edge'), quiet, wrong)
  if (tiny) await promisify(execFile)(program, ['func', 'init', 'tiny'], { cwd: dir })
  await writeFile(
    join(dir, 'lazuli.yaml'),
    `name: shop
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  hubs: {telemetry: {partitions: 1}, retried: {partitions: 1}, single: {partitions: 1}, relayed: {partitions: 1}, kept: {partitions: 1}, guarded: {partitions: 1}}
cosmos:
  port: 0
  databases: {db: {containers: {events: {partitionKey: /id}, leases: {partitionKey: /id}}}}
functions:
  port: 0
  apps:
    plant: {path: ${join(root, 'internal/host/testdata/app')}, settings: ${JSON.stringify(local)}}
    edge: {path: ${join(dir, 'edge')}, settings: ${JSON.stringify(local)}}
${tiny ? `    tiny: {path: ${join(dir, 'tiny')}}` : ''}
`,
  )
  const { url, up, env } = await launch(dir)
  const api = async (method, path, body) => {
    const r = await fetch(url + path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    const text = await r.text()
    if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text}`)
    return JSON.parse(text)
  }
  const run = (fn, order) => api('POST', `/api/apps/${fn.replace('/', '/functions/')}/run`, order)
  return { url, env, dir, api, run, stop: () => end(dir, [up]) }
}
