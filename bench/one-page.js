/** Opens the operator's page at a port in Chromium, again and again, and prints how long each took, in milliseconds. */
import chromiumOfNpm from '@sparticuz/chromium'
import { chromium } from 'playwright-core'

const browser = await chromium.launch({
  executablePath: await chromiumOfNpm.executablePath(),
  args: ['--no-sandbox', '--disable-gpu'],
})
const page = await browser.newPage()
const times = []
for (let opened = 0; opened < 21; opened++) {
  const from = performance.now()
  await page.goto(`http://127.0.0.1:${process.argv[2]}/telemetry/`)
  await page.locator('h1').waitFor()
  times.push(performance.now() - from)
}
await browser.close()
console.log(JSON.stringify(times))
