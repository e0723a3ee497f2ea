// A lazuli with telemetry of a shop: purchases of which every fifth fails at the bank,
// sent as libraries send it, with markup in every text.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { program, run } from './instance.mjs'

const project = `
name: shop
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
applicationInsights: {port: 0, components: {second: {}}}
`

export const markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`

const hex = (n, width) => n.toString(16).padStart(width, '0')
export const operation = (n) => hex(0xabc000 + n, 32)

// purchase is what purchase n reports: who was called by whom, and how it ended.
function purchase(n, at, key) {
  const bad = n % 5 === 0
  const id = (k) => hex(0x10_0000 + n * 16 + k, 16)
  const one = (type, ms, role, parent, baseData) => ({
    name: 'Microsoft.ApplicationInsights.' + type,
    time: new Date(at + ms).toISOString(),
    iKey: key,
    tags: {
      'ai.operation.id': operation(n),
      'ai.operation.name': 'GET /buy',
      ...(parent ? { 'ai.operation.parentId': parent } : {}),
      'ai.cloud.role': role,
      'ai.cloud.roleInstance': role + '-1',
    },
    data: { baseType: type + 'Data', baseData: { ver: 2, ...baseData } },
  })
  const length = (ms) => '00:00:00.' + String(ms).padStart(3, '0')
  return [
    one('Request', 0, 'shop', '', {
      id: id(0),
      name: 'GET /buy',
      url: 'http://shop/buy?q=' + n,
      duration: length(bad ? 240 : 40 + (n % 7) * 5),
      responseCode: bad ? '500' : '200',
      success: !bad,
      properties: { sku: 'A' + (n % 3), note: markup },
    }),
    one('Message', 4, 'shop', id(0), { message: `customer ${n} wants ${markup}`, severityLevel: n % 2 ? 1 : 2 }),
    one('RemoteDependency', 8, 'shop', id(0), {
      id: id(1),
      name: 'SELECT stock',
      type: 'SQL',
      target: 'stockdb',
      data: 'SELECT n FROM stock WHERE sku = ?',
      duration: length(6),
      resultCode: '0',
      success: true,
    }),
    one('RemoteDependency', 20, 'shop', id(0), {
      id: id(2),
      name: 'POST /pay',
      type: 'HTTP',
      target: 'bank',
      data: 'http://bank/pay',
      duration: length(bad ? 210 : 15),
      resultCode: bad ? '503' : '200',
      success: !bad,
    }),
    one('Request', 23, 'bank', id(2), {
      id: id(3),
      name: 'POST /pay',
      url: 'http://bank/pay',
      duration: length(bad ? 204 : 9),
      responseCode: bad ? '503' : '200',
      success: !bad,
    }),
    ...(bad
      ? [
          one('Exception', 220, 'bank', id(3), {
            exceptions: [
              {
                typeName: 'bank.Refused',
                message: 'no money ' + markup,
                hasFullStack: true,
                stack: 'Traceback (most recent call last):\n  File "pay.py", line 7, in pay\n' + markup,
              },
            ],
            severityLevel: 3,
          }),
        ]
      : [one('Event', 38, 'shop', id(0), { name: 'bought', properties: { sku: 'A' + (n % 3) } })]),
  ]
}

export async function startShop() {
  const lazuli = await run(project)
  const { stdout } = await promisify(execFile)(program, ['env', '--project', lazuli.dir, '--json'], {
    env: lazuli.env,
  })
  const connection = JSON.parse(stdout).find((v) => v.name === 'APPLICATIONINSIGHTS_CONNECTION_STRING').value
  const { InstrumentationKey: key, IngestionEndpoint: endpoint } = Object.fromEntries(
    connection.split(';').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
  const send = async (items) => {
    const reply = await fetch(endpoint.replace(/\/$/, '') + '/v2.1/track', {
      method: 'POST',
      body: JSON.stringify(items),
    })
    if (reply.status !== 200) throw new Error('telemetry: ' + reply.status + ' ' + (await reply.text()))
  }
  const buy = (from, to, at) => send(Array.from({ length: to - from }, (_, i) => purchase(from + i, at(i), key)).flat())
  const now = Date.now()
  await buy(0, 300, (i) => now - 600_000 + i * 2000)
  return { ...lazuli, buy, endpoint, key }
}
