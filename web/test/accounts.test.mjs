// Several namespaces and accounts in a real browser: things of one name in each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './instance.mjs'
import { close, looks, serious, stage } from './lab.mjs'

const project = `portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  hubs: {readings: {partitions: 1}}
  namespaces:
    contoso-evhns: {hubs: {readings: {partitions: 2}}}
cosmos:
  port: 0
  databases: {db: {containers: {docs: {partitionKey: /id}}}}
  accounts:
    contoso-cosmos: {databases: {db: {containers: {docs: {partitionKey: /id}}}}}
functions: {port: 0}
stream:
  jobs:
    copy:
      query: copy.asaql
      inputs: {readings: {hub: readings, namespace: contoso-evhns}}
      outputs: {docs: {container: db/docs, account: contoso-cosmos}}
`
const on = stage(() => run(project, {}, { 'copy.asaql': 'SELECT id INTO docs FROM readings' }))

// First: the hints for a beginning are shown while nothing has flowed.
test('the picture and a job lead to the namespace and the account that are meant', async () => {
  let page = await on.open('/')
  for (const [box, account] of [
    ['hub/default/readings', ''],
    ['hub/contoso-evhns/readings', 'contoso-evhns'],
    ['container/db/docs', ''],
    ['container/contoso-cosmos/db/docs', 'contoso-cosmos'],
  ]) {
    const text = await page.locator(`[data-box="${box}"]`).innerText()
    assert.equal(/contoso-\w+/.exec(text)?.[0] ?? '', account, `${box}: ${text}`)
  }
  await page.getByText('lazuli send readings --count 5 --namespace contoso-evhns').waitFor()
  await page.locator('[data-box="job/copy"]').click()
  const near = page.locator('h3 + ul')
  await near.getByText('contoso-evhns/readings').waitFor()
  await near.getByText('contoso-cosmos/docs').click()
  await page.getByRole('link', { name: 'Open docs' }).click()
  await page.waitForURL('**/data/contoso-cosmos/db/docs**')
  const crumb = page.locator('nav.crumbs').getByText('contoso-cosmos / db')
  await crumb.waitFor()
  await close(page)

  page = await on.open('/jobs/copy/overview')
  await page.getByRole('link', { name: 'contoso-cosmos/db/docs' }).waitFor()
  await page.getByRole('link', { name: 'contoso-evhns/readings' }).click()
  await page.waitForURL('**/hubs/contoso-evhns/readings**')
  await page.keyboard.press('Control+K')
  await page.locator('dialog .ask input').fill('readings')
  await page.getByRole('option', { name: 'Send events to contoso-evhns/readings' }).waitFor()
  await close(page)
})

test('a hub of each namespace: what is sent to one is not in the other', async () => {
  const page = await on.open('/hubs/contoso-evhns/readings')
  await page.getByText('lazuli send readings --count 100 --namespace contoso-evhns').waitFor()
  const sent = await fetch(on.lazuli.url + '/api/hubs/contoso-evhns/readings/events', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ body: '{"a":1}', key: '' }),
  })
  assert.equal(sent.status, 201)
  await page.getByText('No event yet').waitFor({ state: 'hidden' })
  await page.goto(on.lazuli.url + '/hubs/default/readings')
  await page.getByText('No event yet').waitFor()
  await close(page)
})

test('a container is made in the account that was chosen', async () => {
  const page = await on.open('/data')
  await page.getByText('contoso-cosmos / db').first().waitFor()
  await page.getByRole('button', { name: 'Create a container' }).click()
  const form = page.locator('#create-container')
  await form.getByLabel('In the database').selectOption({ label: 'contoso-cosmos / db' })
  await form.getByLabel('Name of the container').fill('made')
  assert.deepEqual(await serious(page), [])
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.waitForURL('**/data/contoso-cosmos/db/made/items')
  const names = await (await fetch(on.lazuli.url + '/api/names?limit=100')).text()
  assert.match(names, /contoso-cosmos\/db\/made/)
  assert.doesNotMatch(names, /"db\/made"/)
  await close(page)
})

test('Connect tells things of named accounts by their names', async () => {
  const page = await on.open('/connect?kind=hub&id=contoso-evhns%2Freadings')
  await page.getByText('sb://contoso-evhns.servicebus.windows.net').first().waitFor()
  assert.equal(await page.getByText('contoso-evhns/readings').first().isVisible(), true)
  await page.getByRole('button', { name: 'Test' }).click()
  await page.getByText('sb://contoso-evhns.servicebus.windows.net').last().waitFor()
  await page.goto(on.lazuli.url + '/connect?kind=container&id=contoso-cosmos%2Fdb%2Fdocs')
  await page.getByText('https://contoso-cosmos.documents.azure.com:443/').first().waitFor()
  await close(page)
})

looks(on, 'accounts', '/data', (page) => page.getByText('contoso-cosmos / db').first().waitFor())
