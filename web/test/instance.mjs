// A lazuli of its own for the browser tests, on free ports and with its project
// in a temporary folder. start: telemetry that flows, two stream jobs of which
// one is stuck, and a dashboard with a map whose rows the tests push. startSolar:
// the solar example with one fault, soon.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
export const program = process.env.LAZULI ?? join(root, 'bin/lazuli')

const project = `
name: telemetry
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  hubs:
    telemetry_events: {partitions: 2, consumerGroups: [dashboard, stream]}
    device_events: {partitions: 2}
cosmos:
  port: 0
  databases:
    serverless_db:
      containers:
        devices: {partitionKey: /deviceId}
        events: {partitionKey: /deviceId}
        leases: {partitionKey: /id}
        averages: {partitionKey: /deviceId}
functions:
  port: 0
  apps:
    telemetry: {path: ${join(root, 'examples/telemetry/app')}}
stream:
  jobs:
    averages:
      query: averages.asaql
      inputs: {readings: {hub: telemetry_events, consumerGroup: stream}}
      outputs: {averages: {container: serverless_db/averages}}
    stuck:
      query: stuck.asaql
      inputs: {readings: {hub: telemetry_events, consumerGroup: stream}}
      outputs: {averages: {container: serverless_db/averages, id: nosuchcolumn}}
`

export const averages = `-- What each device does, every second.
WITH seconds AS (
    SELECT deviceId, AVG(data.temperature) AS temperature, COUNT(*) AS readings, System.Timestamp() AS at
    FROM readings TIMESTAMP BY timestamp
    GROUP BY deviceId, TumblingWindow(second, 1)
),
warm AS (SELECT * FROM seconds WHERE temperature > 10)
SELECT CONCAT(deviceId, '-', CAST(at AS nvarchar(max))) AS id, deviceId, temperature, readings, at INTO averages FROM warm
`

export const plants = {
  name: 'plants',
  title: { en: 'Plants', ko: '발전소' },
  datasets: { readings: { push: true, time: 'at' }, alerts: { push: true, time: 'at' } },
  tiles: [
    {
      type: 'map',
      title: { en: 'Sites', ko: '현황 지도' },
      dataset: 'readings',
      key: 'plant',
      label: 'name',
      lat: 'lat',
      lon: 'lon',
      size: 'kw',
      value: 'use',
      unit: '%',
      decimals: 0,
      w: 5,
      h: 8,
      thresholds: [{ at: 25, state: 'warn', below: true }],
      alarm: { dataset: 'alerts', key: 'plant' },
      detail: [
        { field: 'use', title: { en: 'Utilisation', ko: '가동률' }, unit: '%' },
        { field: 'out', title: { en: 'Output', ko: '출력' }, unit: ' kW' },
      ],
    },
    {
      type: 'number',
      title: { en: 'National output', ko: '전국 출력' },
      dataset: 'readings',
      value: 'out',
      aggregate: 'sum',
      latest: 'plant',
      scale: 0.001,
      unit: 'MW',
      decimals: 1,
      w: 3,
      h: 2,
    },
    {
      type: 'gauge',
      title: { en: 'Utilisation', ko: '가동률' },
      dataset: 'readings',
      value: 'out',
      per: 'kw',
      scale: 100,
      latest: 'plant',
      unit: '%',
      min: 0,
      max: 100,
      w: 2,
      h: 2,
    },
    {
      type: 'number',
      title: { en: 'Alarms', ko: '경보' },
      dataset: 'alerts',
      aggregate: 'count',
      window: '5m',
      thresholds: [{ at: 1, state: 'alarm' }],
      decimals: 0,
      w: 2,
      h: 2,
    },
    {
      type: 'alarms',
      title: { en: 'Alarm list', ko: '경보 목록' },
      dataset: 'alerts',
      key: 'plant',
      label: 'name',
      message: 'text',
      severity: 'level',
      w: 3,
      h: 6,
    },
    {
      type: 'bar',
      title: { en: 'Output by region', ko: '지역별 출력' },
      dataset: 'readings',
      value: 'out',
      aggregate: 'sum',
      by: 'region',
      latest: 'plant',
      scale: 0.001,
      unit: 'MW',
      decimals: 1,
      limit: 9,
      w: 4,
      h: 6,
    },
  ],
}

const ended = (p) => (p.exitCode === null ? new Promise((done) => p.once('exit', done)) : null)

export async function folder() {
  const dir = await mkdtemp(join(tmpdir(), 'lazuli-browser-'))
  await mkdir(join(dir, 'dashboards'))
  return dir
}

// launch runs the program on a folder and answers its portal's address when
// everything is ready.
export async function launch(dir) {
  const env = { ...process.env, LAZULI_RUN_DIR: join(dir, 'run') }
  const up = spawn(program, ['up', dir], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const url = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error('lazuli did not start:\n' + said)), 90_000)
    const hear = (chunk) => {
      said += chunk
      const portal = /Portal\s+(http:\/\/\S+)/.exec(said)
      if (!portal || !said.includes('Try next')) return
      clearTimeout(timer)
      done(portal[1])
    }
    up.stdout.on('data', hear)
    up.stderr.on('data', hear)
    up.on('error', fail)
    up.on('exit', (code) => fail(new Error(`lazuli ended with ${code}:\n${said}`)))
  })
  return { url, up, env }
}

export async function end(dir, processes) {
  for (const p of processes) {
    p.removeAllListeners('exit')
    p.kill('SIGTERM')
    await ended(p)
  }
  await rm(dir, { recursive: true, force: true })
}

// run launches a project: its lazuli.yaml, and the files of its folder dashboards.
export async function run(text, dashboards = {}, files = {}) {
  const dir = await folder()
  await writeFile(join(dir, 'lazuli.yaml'), text)
  for (const [name, board] of Object.entries(dashboards)) await writeFile(join(dir, 'dashboards', name), board)
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content)
  const { url, up, env } = await launch(dir)
  return { dir, url, env, stop: () => end(dir, [up]) }
}

// freePort is a port that nobody has, of those that the system gives to nobody by
// chance; the simulator takes it a moment later.
export const freePort = () =>
  new Promise((done) => {
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    const s = createServer()
    s.on('error', () => done(freePort()))
    s.listen(port, '127.0.0.1', () => s.close(() => done(port)))
  })

// startSolar runs the solar example; the plant's output falls some seconds
// after the start.
export async function startSolar(plant, afterSeconds) {
  const dir = await folder()
  const weather = await freePort()
  const example = join(root, 'examples/solar')
  await writeFile(
    join(dir, 'faults.csv'),
    `kind,plantId,afterSeconds,forSeconds,size\ndrop,${plant},${afterSeconds},60,0.8\n`,
  )
  const text = (await readFile(join(example, 'lazuli.yaml'), 'utf8'))
    .replace(
      'eventHubs:',
      'portal: {port: 0}\nidentity: {port: 0}\nstorage: {blobPort: 0, queuePort: 0, tablePort: 0}\neventHubs:\n  amqpPort: 0\n  amqpsPort: 0',
    )
    .replace('cosmos:', 'cosmos:\n  port: 0')
    .replace('functions:', 'functions:\n  port: 0')
    .replaceAll('127.0.0.1:8090', '127.0.0.1:' + weather)
    .replace('path: ./app', 'path: ' + join(example, 'app'))
    .replace('path: ../../cmd/weather-sim', 'path: ' + join(root, 'cmd/weather-sim'))
    .replace('query: ./solar.asaql', 'query: ' + join(example, 'solar.asaql'))
    .replace('args: [', `args: [-faults, ${join(dir, 'faults.csv')}, `)
  await writeFile(join(dir, 'lazuli.yaml'), text)
  await writeFile(join(dir, 'dashboards/solar.json'), await readFile(join(example, 'dashboards/solar.json')))
  const { url, up } = await launch(dir)
  return { url, stop: () => end(dir, [up]) }
}

export async function start() {
  const dir = await folder()
  await writeFile(join(dir, 'averages.asaql'), averages)
  await writeFile(join(dir, 'stuck.asaql'), averages)
  await writeFile(join(dir, 'lazuli.yaml'), project)
  await writeFile(join(dir, 'dashboards/plants.json'), JSON.stringify(plants))
  await writeFile(
    join(dir, 'dashboards/telemetry.json'),
    await readFile(join(root, 'examples/telemetry/dashboards/telemetry.json')),
  )
  const { url, up, env } = await launch(dir)
  const feed = spawn(program, ['send', 'telemetry_events', '--project', dir, '--count', '1000000', '--rate', '40'], {
    env,
    stdio: 'ignore',
  })
  return {
    url,
    push: (dataset, rows) =>
      fetch(`${url}/v1.0/myorg/datasets/${dataset}/tables/rows/rows`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ rows }),
      }).then((r) => {
        if (!r.ok) throw new Error(`push to ${dataset}: ${r.status}`)
      }),
    edit: (file, text) => writeFile(join(dir, file), text),
    read: (file) => readFile(join(dir, file), 'utf8'),
    freeze: () => up.kill('SIGSTOP'),
    thaw: () => up.kill('SIGCONT'),
    stop: () => end(dir, [feed, up]),
  }
}

const regions = [
  ['Gangwon', 37.6, 128.3],
  ['Gyeonggi', 37.3, 127.2],
  ['Chungbuk', 36.7, 127.7],
  ['Chungnam', 36.5, 126.8],
  ['Gyeongbuk', 36.3, 128.7],
  ['Jeonbuk', 35.7, 127.1],
  ['Gyeongnam', 35.3, 128.3],
  ['Jeonnam', 34.85, 126.9],
  ['Jeju', 33.38, 126.55],
]

// readings are rows of 90 plants, the same ones for the same minute.
export function readings(at = Date.now()) {
  const rows = []
  for (let i = 0; i < 90; i++) {
    const [region, lat, lon] = regions[i % regions.length]
    const wave = Math.sin(i * 12.9898) * 43758.5453
    const chance = wave - Math.floor(wave)
    const other = Math.sin(i * 78.233) * 12543.123
    const kw = 300 + Math.round(chance * 4000)
    const use = 30 + 45 * chance + 6 * Math.sin(at / 20_000 + i)
    const spread = region === 'Jeju' ? 0.12 : 0.55
    rows.push({
      at: new Date(at).toISOString(),
      plant: 'p' + i,
      name: `${region} ${1 + Math.floor(i / 9)}`,
      region,
      lat: lat + (chance - 0.5) * spread,
      lon: lon + (other - Math.floor(other) - 0.5) * spread * 1.3,
      kw,
      use,
      out: (kw * use) / 100,
    })
  }
  return rows
}
