/** How the page is served. It is built into `dist`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALICE, serve } from './served.ts'

test('the page comes from the product alone, runs no script in it, and is embedded by nobody else', async () => {
  await using served = await serve()
  const { status, headers, text } = await served.ask('/telemetry/')
  assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8'])
  const policy = Object.fromEntries(
    String(headers['content-security-policy'])
      .split('; ')
      .map((one) => [one.split(' ', 1)[0], one.slice(one.indexOf(' ') + 1)]),
  )
  assert.equal(policy['default-src'], "'none'")
  for (const source of ['script-src', 'style-src', 'connect-src']) assert.equal(policy[source], "'self'")
  for (const target of ['base-uri', 'form-action']) assert.equal(policy[target], "'none'")
  assert.equal(policy['frame-ancestors'], "'self'")
  assert.doesNotMatch(text, /<script>|<style|\son\w+=|style=|https?:\/\//)

  const files = [...text.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, file = '']) => file)
  assert.ok(files.length >= 2)
  for (const file of files) {
    const answer = await served.ask(`/telemetry/${file}`)
    assert.equal(answer.status, 200, file)
    assert.match(String(answer.headers['content-type']), /^text\/(?:javascript|css); charset=utf-8$/)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.doesNotMatch(answer.text, /https?:\/\/(?!www\.w3\.org\/)/)
  }
})

test('the page without a slash leads to the one with a slash, also behind a proxy that has taken a part of the path away', async () => {
  await using served = await serve({ authorize: () => ALICE, basePath: '/admin/telemetry' })
  const { status, headers } = await served.ask('/admin/telemetry')
  assert.equal(status, 308)
  const shown = new URL(headers['location'] ?? '', 'https://acme.example/apps/acme/admin/telemetry')
  assert.equal(shown.href, 'https://acme.example/apps/acme/admin/telemetry/')
})

test('a handler at the root serves the page there', async () => {
  await using served = await serve({ authorize: () => ALICE, basePath: '/' })
  assert.match((await served.ask('/')).text, /<!doctype html>/)
  assert.equal((await served.ask('/status')).status, 200)
})
