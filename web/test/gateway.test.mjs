// The page Gateway: what is called of an API, a policy with a mistake and one that
// runs, the console, keys; and the page Resources: what there is, who may, who
// changed it, and how it goes.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from './instance.mjs'
import { close, eventually, looks, stage } from './lab.mjs'

const policy = `<policies>
    <inbound>
        <base />
        <set-header name="X-Station" exists-action="override">
            <value>inchon</value>
        </set-header>
    </inbound>
    <backend>
        <base />
    </backend>
    <outbound>
        <base />
    </outbound>
    <on-error>
        <base />
    </on-error>
</policies>
`

// start runs a gateway in front of a backend that says what it was asked.
async function start() {
  const backend = createServer((r, w) => {
    if (r.url === '/broken') w.statusCode = 503
    w.setHeader('Content-Type', 'application/json')
    w.end(JSON.stringify({ path: r.url, station: r.headers['x-station'] ?? null }))
  })
  await new Promise((done) => backend.listen(0, '127.0.0.1', done))
  const on = await run(
    `name: pages
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {telemetry: {partitions: 1}}}
cosmos: {port: 0}
gateway:
  port: 0
  apis:
    weather:
      title: Weather
      path: weather
      backend: http://127.0.0.1:${backend.address().port}
      policy: weather.xml
      operations:
        today: {method: GET, urlTemplate: /today}
        station: {method: GET, urlTemplate: "/stations/{id}"}
        broken: {method: GET, urlTemplate: /broken}
  subscriptions:
    partner: {api: weather, key: partner-key-of-the-project-file}
`,
    {},
    { 'weather.xml': policy },
  )
  const stop = on.stop
  return {
    ...on,
    stop: async () => {
      backend.close()
      backend.closeAllConnections()
      await stop()
    },
  }
}

const on = stage(start)

// type writes into the editor, until a word of it is there: on a busy machine the page
// may take the editor's focus away between the click and the keys.
async function type(page, text, word) {
  const editor = page.locator('[data-editor=ready] .cm-content')
  await eventually('the editor has ' + word, async () => {
    await editor.click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.insertText(text)
    return (await editor.innerText()).includes(word)
  })
}

// called calls an API from its console, and waits for the answer.
async function called(page, op, status) {
  await page.goto(on.lazuli.url + '/gateway/default/weather/test?op=' + op)
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await page.locator(`[data-status="${status}"]`).waitFor()
}

test('a call shows what each policy did, and is counted', async () => {
  const page = await on.open('/gateway/default/weather/test?op=today')
  await called(page, 'today', 200)
  const step = page.locator('[data-step="set-header"]')
  assert.match(await step.innerText(), /X-Station/)
  assert.match(await step.innerText(), /inchon/)
  assert.match(await page.locator('[data-body]').innerText(), /inchon/)
  await called(page, 'broken', 503)
  await page.getByRole('main').getByRole('link', { name: 'Overview', exact: true }).click()
  await page.locator('[data-failure="503"]').first().waitFor()
  await close(page)
})

test('without a key the gateway refuses, and the page says why', async () => {
  const page = await on.open('/gateway/default/weather/test?op=today')
  await page.getByLabel('Subscription key').selectOption('')
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await page.locator('[data-status="401"]').waitFor()
  assert.match(await page.locator('[data-body]').innerText(), /missing subscription key/)
  await page.getByRole('main').getByRole('link', { name: 'Overview', exact: true }).click()
  await page.locator('[data-failure="401"]').first().waitFor()
  await close(page)
})

test('a policy with a mistake is refused with its line and column; a right one runs and is in its file', async () => {
  const page = await on.open('/gateway/default/weather/policy')
  await page.locator('[data-editor=ready]').waitFor()
  await type(page, policy.replace('<set-header', '<set-haeder').replace('</set-header', '</set-haeder'), 'set-haeder')
  await page.locator('[data-check=wrong]').waitFor()
  assert.match(await page.locator('[data-check]').innerText(), /Line 4, column \d+: set-haeder/)
  await page.getByRole('button', { name: 'Save', exact: true, disabled: true }).waitFor() // what came last is judged soon
  await type(page, policy.replace('inchon', 'busan'), 'busan')
  await page.locator('[data-check=right]').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await eventually('the file has it', async () =>
    (await readFile(join(on.lazuli.dir, 'weather.xml'), 'utf8')).includes('busan'),
  )
  await called(page, 'today', 200)
  assert.match(await page.locator('[data-body]').innerText(), /busan/)
  await close(page)
})

test('keys are in the page once they are asked for, and another one opens the API', async () => {
  const page = await on.open('/gateway/default/weather/keys')
  const row = page.locator('[data-subscription=master] [data-key=primary]')
  await row.waitFor()
  assert.ok(!(await page.content()).includes('partner-key-of-the-project-file'))
  await row.getByRole('button', { name: /Reveal/ }).click()
  await eventually('it is shown', async () => /^[0-9a-f]{32}$/.test(await row.locator('code').innerText()))
  const before = await row.locator('code').innerText()
  await row.getByRole('button', { name: 'Regenerate' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Regenerate' }).click()
  await eventually('the dialog is gone', async () => (await page.getByRole('alertdialog').count()) === 0)
  await row.getByRole('button', { name: /Reveal/ }).click()
  await eventually('there is another', async () => {
    const now = await row.locator('code').innerText()
    return /^[0-9a-f]{32}$/.test(now) && now !== before
  })
  // What the project file sets is changed there.
  const given = page.locator('[data-subscription=partner] [data-key=primary]')
  assert.match(await given.innerText(), /gateway\.subscriptions\.partner\.key/)
  assert.equal(await given.getByRole('button', { name: 'Regenerate' }).count(), 0)
  await close(page)
})

test('a resource shows its properties, and goes when its name is typed', async () => {
  const page = await on.open('/resources')
  await page.getByRole('row').filter({ hasText: 'default' }).first().waitFor()
  await page.getByRole('row').filter({ hasText: 'Event Hubs namespace' }).first().click()
  await page.locator('[data-json]').waitFor()
  assert.match(await page.locator('[data-json]').innerText(), /Microsoft\.EventHub\/namespaces/)
  await page.getByRole('radio', { name: /Inside/ }).click()
  await page
    .getByRole('complementary')
    .getByRole('button', { name: /telemetry/ })
    .click()
  await eventually('the hub is shown', async () =>
    /Microsoft\.EventHub\/namespaces\/eventhubs/i.test(await page.locator('[data-json]').innerText()),
  )
  await page.getByRole('complementary').getByRole('button', { name: 'Delete', exact: true }).click()
  const dialog = page.getByRole('alertdialog')
  assert.ok(await dialog.getByRole('button', { name: 'Delete', exact: true }).isDisabled())
  await dialog.getByRole('textbox').fill('telemetry')
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await eventually('the dialog is gone', async () => (await page.getByRole('alertdialog').count()) === 0)
  await page.goto(on.lazuli.url + '/resources/activity/log')
  const event = page.locator('[data-event="Microsoft.EventHub/namespaces/eventhubs/delete"]')
  await event.waitFor()
  assert.match(await event.innerText(), /developer/)
  await close(page)
})

test('the resources are filtered, and Korean', async () => {
  const page = await on.open('/resources?q=cosmos', { lang: 'ko' })
  await page.getByRole('row').filter({ hasText: 'Cosmos DB 계정' }).waitFor()
  assert.equal(await page.getByRole('row').filter({ hasText: '네임스페이스' }).count(), 0)
  await close(page)
})

looks(on, 'gateway-overview', '/gateway/default/weather/overview', (page) =>
  page.getByText('/stations/{id}').first().waitFor(),
)
looks(on, 'gateway-policy', '/gateway/default/weather/policy', async (page) => {
  await page.locator('[data-editor=ready]').waitFor()
  await page.locator('[data-check=right]').waitFor()
})
looks(on, 'gateway-test', '/gateway/default/weather/test?op=today', async (page) => {
  await page
    .getByRole('button', { name: 'Call', exact: true })
    .or(page.getByRole('button', { name: '호출', exact: true }))
    .click()
  await page.locator('[data-status]').waitFor()
})
looks(on, 'gateway-keys', '/gateway/default/weather/keys', (page) =>
  page.locator('[data-subscription=master]').waitFor(),
)
looks(on, 'resources', '/resources/lazuli', (page) =>
  page
    .getByRole('row')
    .filter({ hasText: 'Event Hubs' })
    .or(page.getByRole('row').filter({ hasText: '네임스페이스' }))
    .first()
    .waitFor(),
)
