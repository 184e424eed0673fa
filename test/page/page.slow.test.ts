/** The operator's page, as an administrator sees it in a real browser. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { axeFindings, LEGAL_NOTE, launch, open, product, serveBoards } from './boards.ts'

/** Pictures of the documentation, made by `SCREENSHOTS=1 node --test test/page/page.slow.test.ts`. */
const PICTURES: Readonly<Record<string, string>> = {
  '1280, light, en-US': 'page.png',
  '390, dark, en-US': 'page-phone.png',
}

let browser: Browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

test('an administrator decides, sees the next report, and finds it in the history after it was sent', async () => {
  await using served = await serveBoards()
  const page = await open(browser, served.url)
  assert.match(await page.locator('h1').innerText(), /^Nobody has decided yet whether Acme Boards sends/)

  await page.getByText('Full', { exact: true }).click()
  const consequences = page.locator('[data-part=consequences]')
  await consequences.locator('table').waitFor()
  assert.match(await consequences.innerText(), /boards\.edition[\s\S]*community/)
  assert.match(
    await consequences.innerText(),
    /Beyond the level before it, it has boards\.count, boards\.searches/,
  )
  assert.equal(await page.locator('[data-part=legal-note]').innerText(), LEGAL_NOTE)
  assert.equal(served.usage.consent.verdict().state, 'undecided', 'nothing is stored before it is confirmed')

  await page.getByRole('button', { name: 'Choose “Full”' }).click()
  await page
    .getByRole('heading', { name: 'Acme Boards sends usage reports to usage.acme.example.' })
    .waitFor()
  assert.match(await page.locator('[data-part=reason]').innerText(), /Because alice chose so on/)
  assert.equal(served.usage.consent.verdict().level, 'full')

  const next = page.locator('[data-part=next-report]')
  assert.match(await next.innerText(), /The next report, as it will be sent/)
  await next.getByRole('button', { name: 'Make a report now' }).click()
  await page.locator('[data-part=reports]').getByText('sent', { exact: true }).waitFor()
  const [sent] = served.kit.receiver.list()
  await page.getByRole('button', { name: /^Open the report of/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('SHA-256').waitFor()
  const shown = await dialog.locator('.bytes').textContent()
  assert.equal(
    shown,
    new TextDecoder().decode(sent?.bytes),
    'the bytes that are shown are those that were sent',
  )
  assert.deepEqual(page.complaints, [])
})

test('a change that another administrator has made in between is not overwritten', async () => {
  await using served = await serveBoards()
  const page = await open(browser, served.url, { withoutEvents: true })
  await page.getByText('Basic', { exact: true }).click()
  await served.usage.consent.set('disabled', { by: 'bob' })
  await page.getByRole('button', { name: 'Choose “Basic”' }).click()
  await page.getByText('The consent has changed meanwhile').waitFor()
  await page.getByRole('heading', { name: 'Acme Boards sends no usage reports.' }).waitFor()
  assert.match(await page.locator('[data-part=reason]').innerText(), /Because bob chose so on/)
  assert.equal(served.usage.consent.verdict().state, 'disabled')
})

test('a choice of somebody else is on the page at once', async () => {
  await using served = await serveBoards()
  const page = await open(browser, served.url)
  await served.usage.consent.set('disabled', { by: 'bob' })
  await page.getByRole('heading', { name: 'Acme Boards sends no usage reports.' }).waitFor()
})

test('a choice that somebody else made after the page was read, and before it heard of events, is on the page', async () => {
  await using served = await serveBoards()
  const chosen = Promise.withResolvers<void>()
  const page = await open(browser, served.url, {
    async before(page) {
      await page.route('**/events', async (route) => {
        await chosen.promise
        await route.continue()
      })
    },
  })
  await served.usage.consent.set('disabled', { by: 'bob' })
  chosen.resolve()
  await page.getByRole('heading', { name: 'Acme Boards sends no usage reports.' }).waitFor()
})

test('what a choice would mean stays in sight while the page reads again', async () => {
  await using served = await serveBoards()
  const page = await open(browser, served.url)
  await page.getByText('Full', { exact: true }).click()
  const table = page.locator('[data-part=consequences] table')
  await table.waitFor()
  const asked = Promise.withResolvers<void>()
  const seen = Promise.withResolvers<void>()
  await page.route('**/preview?level=full', async (route) => {
    asked.resolve()
    await seen.promise
    await route.continue()
  })
  await served.usage.report()
  await asked.promise
  assert.equal(await table.count(), 1)
  seen.resolve()
  await page.unrouteAll({ behavior: 'wait' })
})

test('what is locked says by what and how to unlock it, and cannot be switched', async () => {
  await using served = await serveBoards({ environment: { DO_NOT_TRACK: '1' } })
  const page = await open(browser, served.url)
  assert.match(
    await page.locator('[data-part=fixed]').innerText(),
    /DO_NOT_TRACK=1 is set outside.*Remove that/,
  )
  for (const radio of await page.getByRole('radio').all()) assert.equal(await radio.isDisabled(), true)
})

test('somebody who may only read sees everything and can change nothing', async () => {
  await using served = await serveBoards({ level: 'full' })
  served.access = { by: 'eve', read: true, write: false }
  const page = await open(browser, served.url)
  assert.match(await page.locator('[data-part=fixed]').innerText(), /You may see all of this, but not decide/)
  for (const name of ['Make a report now', 'Have it erased…', 'Export for a closed network…'])
    assert.equal(await page.getByRole('button', { name }).count(), 0, name)
})

test('a session that ends while the page is open is said, and after the next one has begun the page hears of events again', async () => {
  await using served = await serveBoards({ level: 'basic' })
  const page = await open(browser, served.url)
  await served.usage.consent.set('full', { by: 'bob' })
  await page.getByText('Because bob chose so').waitFor()
  served.access = undefined
  served.hangUp()
  await page.getByRole('alert').getByText('You are signed out of the product').waitFor()

  served.access = { by: 'alice', read: true, write: true }
  await page.getByRole('button', { name: 'Read again' }).click()
  await page.getByRole('alert').waitFor({ state: 'detached' })
  await served.usage.consent.set('disabled', { by: 'bob' })
  await page.getByRole('heading', { name: 'Acme Boards sends no usage reports.' }).waitFor()
})

test('a session that has ended and a product that is gone are said, and what was seen stays', async () => {
  await using served = await serveBoards({ level: 'basic' })
  // Without events: with them the page reads again by itself once the product is back.
  const page = await open(browser, served.url, { withoutEvents: true })
  await page.getByText('Off', { exact: true }).click()
  const choose = page.getByRole('button', { name: 'Choose “Off”' })

  served.access = undefined
  await choose.click()
  await page.getByRole('alert').getByText('You are signed out of the product').waitFor()
  assert.equal(await page.locator('h1').innerText(), 'Acme Boards sends usage reports to usage.acme.example.')
  assert.equal(served.usage.consent.verdict().state, 'enabled')

  served.access = { by: 'alice', read: true, write: true }
  await served.stop()
  await page.getByRole('button', { name: 'Read again' }).click()
  await page.getByRole('alert').getByText('The product does not answer. What you see is from').waitFor()

  await served.start()
  await page.getByRole('button', { name: 'Read again' }).click()
  await page.getByRole('alert').waitFor({ state: 'detached' })
  await choose.click()
  await page.getByRole('heading', { name: 'Acme Boards sends no usage reports.' }).waitFor()
})

test('a choice is lost when the state directory is removed while the page is open: the page says so, and a no can be stored again', async () => {
  using scratch = createScratch()
  const state = path.join(scratch.directory, 'usage')
  await using served = await serveBoards({ level: 'basic', state })
  const page = await open(browser, served.url)
  await rm(state, { recursive: true, force: true })
  await page.getByText('Off', { exact: true }).click()
  await page.getByRole('button', { name: 'Choose “Off”' }).click()
  await page.getByText('The consent has changed meanwhile').waitFor()
  await page.getByRole('heading', { name: 'Nobody has decided yet' }).waitFor()
  await page.getByRole('button', { name: 'Choose “Off”' }).click()
  await page.getByRole('heading', { name: 'Acme Boards sends no usage reports.' }).waitFor()
  assert.equal(served.usage.consent.verdict().source, 'stored-choice')
})

test('texts that try to become a script stay texts', async () => {
  const evil = `<img src=x onerror="globalThis.hurt=1"><script>globalThis.hurt=1</script>`
  await using served = await serveBoards({
    title: `Acme ${evil}`.slice(0, 60),
    environment: { ACME_BOARDS_TELEMETRY: `nope${evil}` },
  })
  served.access = { by: `"><svg onload=globalThis.hurt=1>`, read: true, write: true }
  const page = await open(browser, served.url)
  await page.locator('[data-part=all-facts] summary').click()
  assert.ok((await page.locator('main').innerText()).includes('<img src=x'))
  assert.equal(await page.evaluate(() => (globalThis as { hurt?: unknown }).hurt), undefined)
  assert.deepEqual(page.complaints, [])
})

test('no field of any answer can bring a script, an element or an address into the page', async () => {
  await using served = await serveBoards({ level: 'full' })
  const evil = `"><img src=x onerror="globalThis.hurt=1"><script>globalThis.hurt=1</script>\u202e\u001b[31m`
  /** Words that decide what the page shows; everything else is replaced. */
  const kept =
    /^(?:enabled|disabled|undecided|full|basic|reported|newer|stored-choice|default|on|off|sent|\d{4}-.*|[0-9a-f-]{36})$/
  const spoilt = (value: unknown): unknown => {
    if (typeof value === 'string') return kept.test(value) ? value : `javascript:alert(1)//${evil}`
    if (Array.isArray(value)) return value.map(spoilt)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, spoilt(member)]))
  }
  const notice = {
    ...{
      version: evil,
      condition: 'vulnerable',
      severity: evil,
      message: evil,
      latest: evil,
      url: `javascript:${evil}`,
    },
    advisories: [{ id: evil, severity: evil, summary: evil, fixedIn: [evil], url: `javascript:${evil}` }],
  }
  const page = await open(browser, served.url, {
    async before(page) {
      await page.route(
        /\/(?:status|preview|facts|about|reports|history|diff|reports\/[^/]+)(?:\?.*)?$/,
        async (route) => {
          const answer = await route.fetch()
          const json = spoilt(await answer.json()) as Record<string, unknown>
          const withNotice = {
            ...json,
            version: { mode: 'independent', checks: 'off', because: evil, notice },
          }
          await route.fulfill({
            response: answer,
            json: route.request().url().endsWith('/status') ? withNotice : json,
          })
        },
      )
    },
  })
  await page.locator('[data-part=all-facts] summary').click()
  await page.getByText('Basic', { exact: true }).click()
  await page
    .getByRole('button', { name: /^Open the report/ })
    .first()
    .click()
  await page.getByRole('dialog').getByText('SHA-256').waitFor()
  assert.equal(await page.evaluate(() => (globalThis as { hurt?: unknown }).hurt), undefined)
  assert.deepEqual(
    await page.locator('a').evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).protocol)),
    ['http:', 'http:'],
    'only links to the page itself: none to what an answer names',
  )
  for (const name of ['img', 'script', 'iframe'])
    assert.equal(await page.locator(`main ${name}`).count(), 0, name)
  assert.deepEqual(page.complaints, [])
})

test('an advisory is acknowledged until a day, by keyboard, and stays on the page with who has done it', async () => {
  await using served = await serveBoards({ level: 'full', hasFeed: true })
  const page = await open(browser, served.url)
  const version = page.locator('[data-part=version]')
  assert.match(
    await version.innerText(),
    /You run 2\.4\.0, which has known flaws\. The newest version is 2\.5\.0\. The newest of its line is 2\.4\.3\. Update soon\./,
  )
  const advisory = version.getByRole('listitem').filter({ hasText: 'ACME-2026-7' })
  const acknowledge = advisory.getByRole('button', { name: 'Acknowledge… ACME-2026-7' })
  await acknowledge.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Acknowledge ACME-2026-7' })
  await dialog.waitFor()
  assert.deepEqual(await axeFindings(page), [])
  await page.keyboard.press('Escape')
  // A closed dialog has no role. The page is done with it when its element is gone, one event later.
  const element = page.locator('dialog')
  await element.waitFor({ state: 'detached' })
  const focused = () =>
    page.evaluate(() => document.querySelector('usage-telemetry')?.shadowRoot?.activeElement?.ariaLabel)
  assert.equal(await focused(), 'Acknowledge… ACME-2026-7')

  await page.keyboard.press('Enter')
  const day = dialog.getByLabel('Until')
  const days = (Date.parse(await day.inputValue()) - Date.now()) / 86_400_000
  assert.ok(days > 88 && days < 91, `${days} days`)
  await day.fill(new Date(Date.now() + 400 * 86_400_000).toISOString().slice(0, 10))
  await day.press('Enter')
  assert.equal(await dialog.count(), 1, 'more than a year is refused by the field')
  await day.fill(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10))
  await day.press('Enter')
  await element.waitFor({ state: 'detached' })
  await advisory.getByText(/^Acknowledged by alice until /).waitFor()
  assert.equal(await focused(), 'Change the day… ACME-2026-7')
  const [known] = served.usage.version.notice()?.advisories ?? []
  assert.equal(known?.acknowledged?.by, 'alice')
  assert.deepEqual(await axeFindings(page), [])
})

test('somebody who may only read cannot acknowledge an advisory, and sees who has', async () => {
  await using served = await serveBoards({ level: 'full', hasFeed: true })
  served.access = { by: 'eve', read: true, write: false }
  const page = await open(browser, served.url, { locale: 'de-DE' })
  const version = page.locator('[data-part=version]')
  assert.match(await version.innerText(), /ACME-2026-7\s+hoch/)
  assert.equal(await version.getByRole('button').count(), 0)
  const until = new Date(Date.now() + 86_400_000).toISOString()
  const status = await page.evaluate(async (until) => {
    const body = JSON.stringify({ id: 'ACME-2026-7', until })
    const headers = { 'content-type': 'application/json' }
    return (await fetch('/telemetry/version/acknowledgements', { method: 'POST', headers, body })).status
  }, until)
  assert.equal(status, 403)
  await served.usage.version.acknowledge('ACME-2026-7', { by: 'bob', until })
  await page.reload()
  await version.getByText(/^Von bob zur Kenntnis genommen, bis /).waitFor()
})

test('an acknowledgement that could not be stored says so, and the advisory stays as it was', async () => {
  await using served = await serveBoards({ level: 'full', hasFeed: true })
  const page = await open(browser, served.url)
  served.access = undefined
  const advisory = page.getByRole('listitem').filter({ hasText: 'ACME-2026-7' })
  await advisory.getByRole('button').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge', exact: true }).click()
  await page.getByRole('alert').getByText('You are signed out of the product').waitFor()
  assert.equal(served.usage.version.notice()?.advisories[0]?.acknowledged, undefined)
})

test('erasure asks first, and then says what was erased', async () => {
  await using served = await serveBoards({ level: 'full' })
  const page = await open(browser, served.url)
  const before = (await served.usage.status()).installation?.id
  await page.getByRole('button', { name: 'Have it erased…' }).click()
  const dialog = page.getByRole('dialog')
  assert.match(await dialog.innerText(), /asks usage\.acme\.example to delete what it has/)
  assert.equal((await served.usage.status()).installation?.id, before)
  await dialog.getByRole('button', { name: 'Erase' }).click()
  await page.getByText('Erased here.', { exact: false }).waitFor()
  assert.notEqual((await served.usage.status()).installation?.id, before)
})

test('an export is a file with the exact reports, and the command that sends it', async () => {
  await using served = await serveBoards({ level: 'full' })
  const page = await open(browser, served.url)
  await page.getByRole('button', { name: 'Export for a closed network…' }).click()
  const dialog = page.getByRole('dialog')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Make the file' }).click(),
  ])
  assert.match(download.suggestedFilename(), /^acme-boards-usage-.*\.json$/)
  await dialog.getByText(/curl --fail-with-body .*usage\.acme\.example/).waitFor()
})

test('the prompt asks while nobody has decided, stays away after “Decide later”, and opens again from a menu', async () => {
  await using served = await serveBoards()
  const page = await open(browser, served.url.replace('/telemetry', '/settings'))
  const dialog = page.getByRole('dialog', { name: 'Help Acme Boards get better?' })
  await dialog.waitFor()
  assert.match(await dialog.innerText(), new RegExp(LEGAL_NOTE.replaceAll('.', '\\.')))
  assert.deepEqual(await axeFindings(page), [])
  await dialog.getByRole('button', { name: 'Decide later' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.reload()
  await page.waitForLoadState('networkidle')
  assert.equal(await dialog.count(), 0)
  await page.getByRole('button', { name: 'Usage telemetry' }).click()
  await dialog.getByRole('button', { name: 'Send reports' }).click()
  await dialog.getByText('Stored.', { exact: false }).waitFor()
  assert.equal(served.usage.consent.verdict().state, 'enabled')
  await dialog.getByRole('button', { name: 'Close' }).click()
  await page.locator('dialog').waitFor({ state: 'detached' })
  const focused = await page.evaluate(() => document.activeElement?.textContent?.trim())
  assert.equal(focused, 'Usage telemetry', 'the entry of the menu has the focus again')
})

test('what another administrator has decided while the prompt asks is not overruled by it unseen', async () => {
  await using served = await serveBoards()
  const page = await open(browser, served.url.replace('/telemetry', '/settings'))
  const dialog = page.getByRole('dialog', { name: 'Help Acme Boards get better?' })
  await dialog.waitFor()
  const isRead = page.waitForResponse(async (response) => {
    if (!response.url().endsWith('/telemetry/status')) return false
    return (await response.json()).verdict.state === 'disabled'
  })
  await served.usage.consent.set('disabled', { by: 'bob' })
  await isRead
  await page.waitForLoadState('networkidle')
  const yes = dialog.getByRole('button', { name: 'Send reports' })
  await yes.click()
  await dialog.getByText('The consent has changed meanwhile').waitFor()
  assert.equal(served.usage.consent.verdict().state, 'disabled')
  await yes.click()
  await dialog.getByText('Stored.', { exact: false }).waitFor()
  assert.equal(served.usage.consent.verdict().state, 'enabled')
})

test('the whole page can be used by keyboard', async () => {
  await using served = await serveBoards()
  const page = await open(browser, served.url)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  await page.getByRole('button', { name: /^Choose “/ }).waitFor()
  await page.getByRole('button', { name: /^Choose “/ }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /^Acme Boards sends (?:usage|no usage) reports/ }).waitFor()
  await served.usage.report()
  await page
    .getByRole('button', { name: /^Open the report/ })
    .first()
    .focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('axe finds nothing wrong, and nothing is wider than the screen: three widths, light and dark, two languages', async () => {
  await using served = await serveBoards({ level: 'full', hasFeed: true })
  for (const [width, colorScheme, locale] of [
    [1280, 'light', 'en-US'],
    [1280, 'dark', 'de-DE'],
    [768, 'light', 'de-DE'],
    [390, 'dark', 'en-US'],
    [390, 'light', 'de-DE'],
  ] as const) {
    const page = await open(browser, served.url, { viewport: { width, height: 900 }, colorScheme, locale })
    const about = `${width}, ${colorScheme}, ${locale}`
    const picture = PICTURES[about]
    if (picture !== undefined && process.env['SCREENSHOTS'])
      await page.screenshot({ path: `docs/images/${picture}`, fullPage: true })
    await page.locator('summary').first().click()
    assert.deepEqual(await axeFindings(page), [], about)
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, about)
    assert.match(
      await page.locator('h1').innerText(),
      locale === 'de-DE' ? /sendet Nutzungsberichte/ : /sends usage/,
    )
    await page.context().close()
  }
})

test('facts that came with an update wait until they are accepted, and are reported then', async () => {
  using scratch = createScratch()
  const state = path.join(scratch.directory, 'usage')
  const { 'boards.searches': _, ...older } = product.catalog.facts
  const catalog = defineCatalog({ version: 2, prefix: 'boards', levels: ['basic', 'full'], facts: older })
  const before = createUsageTelemetry({ product: { ...product, catalog }, environment: {}, state })
  await before.start()
  await before.consent.set('full', { by: 'alice' })
  await before.shutdown()

  await using served = await serveBoards({ state })
  served.access = { by: 'eve', read: true, write: false }
  const page = await open(browser, served.url)
  const waiting = page.locator('[data-part=new-facts]')
  assert.match(
    await waiting.innerText(),
    /1 new fact waits until you accept:\s+boards\.searches Shows whether/,
  )
  assert.equal(await waiting.getByRole('button').count(), 0, 'somebody who may only read cannot accept')
  assert.deepEqual((await served.usage.status()).facts.newer, ['boards.searches'])

  served.access = { by: 'bob', read: true, write: true }
  await page.reload()
  await waiting.getByRole('button', { name: 'Accept' }).click()
  await waiting.waitFor({ state: 'detached' })
  assert.deepEqual((await served.usage.status()).facts.newer, [])
  assert.equal((await served.usage.consent.history()).at(-1)?.by, 'bob')
})

test('what is copied for support has the id of the installation only where somebody ticks it', async () => {
  await using served = await serveBoards({ level: 'full' })
  const page = await open(browser, served.url, { permissions: ['clipboard-read', 'clipboard-write'] })
  const id = (await served.usage.status()).installation?.id ?? assert.fail()
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText())
  const copy = page.getByRole('button', { name: 'Copy for support' })
  await copy.click()
  await page.getByText('Copied.').waitFor()
  const without = await clipboard()
  assert.ok(!without.includes(id))
  assert.equal(JSON.parse(without).verdict.level, 'full')
  await page.getByLabel('with the installation id').check()
  await copy.click()
  // That the first one was copied is still said.
  await until(async () => (await clipboard()) !== without)
  assert.ok((await clipboard()).includes(id))
})

test('the course of a number is drawn from the local log, with its first and its last value in words', async () => {
  await using served = await serveBoards({ level: 'full' })
  const page = await open(browser, served.url)
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).host))
  await page.reload()
  const chart = page.getByRole('img', { name: /^boards\.count: 16 – 32, / })
  await chart.waitFor()
  assert.match((await chart.locator('polyline').getAttribute('points')) ?? '', /^(?:[\d.]+,[\d.]+ ?){3,}$/)
  assert.deepEqual([...new Set(asked)], [new URL(served.url).host], 'nothing else is asked')
})
