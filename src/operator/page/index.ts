/** Script of the page: shows the state of the usage telemetry in a sentence. */
const page = document.querySelector('#page') as HTMLElement

async function show(): Promise<void> {
  const answer = await fetch('status')
  const { product, verdict, detail } = await answer.json()
  const heading = document.createElement('h1')
  const reason = document.createElement('p')
  heading.textContent = answer.ok ? `The usage telemetry of ${product.title} is ${verdict.state}.` : detail
  if (answer.ok) reason.textContent = `Decided by ${verdict.because}.`
  page.replaceChildren(heading, reason)
}

await show()
new EventSource('events').addEventListener('consent', () => void show())

export {}
