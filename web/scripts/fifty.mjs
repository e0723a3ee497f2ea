// What open pages cost: the telemetry example at 200 events a second, looked at
// by nobody, and then by fifty pages of one browser, all of them to be seen.
//
//   CHROMIUM=/usr/bin/chromium LAZULI=bin/lazuli node web/scripts/fifty.mjs
import { spawn } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { program, root, run } from '../test/instance.mjs'
import { browse } from '../test/lab.mjs'

const pages = Number(process.env.PAGES ?? 50)
const seconds = 30
const ticks = 100 // of a second, as /proc has them
// None that follows a list: that takes one of a browser's six connections, until the
// page has been out of sight for ten seconds, which no page of a headless one ever is.
const kinds = [
  '/',
  '/hubs/default/telemetry_events/consumers',
  '/hubs/default/telemetry_events/partitions',
  '/dashboards/telemetry',
  '/functions/telemetry/enrich/invocations',
]

const project = `name: telemetry
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  hubs:
    telemetry_events: {partitions: 2, consumerGroups: [dashboard]}
    device_events: {partitions: 2}
cosmos:
  port: 0
  databases:
    serverless_db:
      containers:
        devices: {partitionKey: /deviceId}
        events: {partitionKey: /deviceId}
        leases: {partitionKey: /id}
functions:
  port: 0
  apps:
    telemetry: {path: ${join(root, 'examples/telemetry/app')}}
`

async function status(pid, name) {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1])
}
const cpu = async (pid) => {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticks
}
// children are the processes that a process began, and theirs.
async function children(pid) {
  const parents = new Map()
  for (const p of (await readdir('/proc')).filter((n) => /^\d+$/.test(n)))
    parents.set(Number(p), await status(p, 'PPid').catch(() => 0))
  const all = []
  for (let found = [pid]; found.length;) {
    found = [...parents].filter(([, of]) => found.includes(of)).map(([p]) => p)
    all.push(...found)
  }
  return all
}
const sum = async (pids, of) => (await Promise.all(pids.map((p) => of(p).catch(() => 0)))).reduce((a, b) => a + b, 0)

const board = await readFile(join(root, 'examples/telemetry/dashboards/telemetry.json'), 'utf8')
const lab = await run(project, { 'telemetry.json': board })
const feed = spawn(program, ['send', 'telemetry_events', '--project', lab.dir, '--count', '1000000', '--rate', '200'], {
  env: lab.env,
  stdio: 'ignore',
})
const mine = (await children(process.pid)).filter((p) => p !== feed.pid)
const server = (
  await Promise.all(mine.map(async (p) => [p, await readFile(`/proc/${p}/cmdline`, 'utf8').catch(() => '')]))
)
  .filter(([, line]) => line.includes('\0up\0'))
  .map(([p]) => p)[0]

async function measure(name, browser = []) {
  const before = [await cpu(server), await sum(browser, cpu)]
  await sleep(seconds * 1000)
  const [own, theirs] = [await cpu(server), await sum(browser, cpu)]
  const mb = async (pids) => Math.round((await sum(pids, (p) => status(p, 'VmRSS'))) / 1024)
  const share = (now, then) => (((now - then) / seconds) * 100).toFixed(1) + ' % of a core'
  console.log(
    `${name}: server ${share(own, before[0])}, ${await mb([server])} MB` +
      (browser.length ? `; browser ${share(theirs, before[1])}, ${await mb(browser)} MB` : ''),
  )
}

try {
  await sleep(5000)
  await measure('no page')
  const others = new Set(await children(process.pid))
  const browser = await browse()
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  for (let i = 0; i < pages; i++) {
    const page = await context.newPage()
    await page.goto(lab.url + kinds[i % kinds.length])
    await page.waitForSelector('main h1', { state: 'attached', timeout: 120_000 })
    if (i === 0)
      await measure(
        'one page',
        (await children(process.pid)).filter((p) => !others.has(p)),
      )
  }
  await sleep(5000)
  await measure(
    `${pages} pages`,
    (await children(process.pid)).filter((p) => !others.has(p)),
  )
  await browser.close()
} finally {
  feed.kill('SIGTERM')
  await lab.stop()
}
