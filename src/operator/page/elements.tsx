import { render } from 'preact'
import { createClient } from './client.ts'
import { createFormat } from './format.ts'
import { languageOf, messagesIn } from './messages/messages.ts'
import { createModel } from './model.ts'
import { Page } from './parts/page.tsx'
import { Prompt } from './parts/prompt.tsx'
import style from './style.css'

/** Address of the interface: this module lies beside it. */
const BASE = new URL('.', import.meta.url).href.replace(/\/$/, '')

/** Returns the shadow root of an element with our style, which reaches nothing outside of it, and texts in the language of its page. */
function prepare(element: HTMLElement) {
  const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style)
  root.adoptedStyleSheets = [sheet]
  const own = element.closest<HTMLElement>('[lang]')?.lang
  const locale = languageOf([...(own ? [own] : []), ...navigator.languages])
  const format = createFormat(locale)
  root.host.setAttribute('lang', locale)
  return { root, format, messages: messagesIn(format), model: createModel(createClient(BASE)) }
}

/** The page, for the product's own settings as well. */
export class UsageTelemetryElement extends HTMLElement {
  #root: ShadowRoot | undefined

  connectedCallback(): void {
    const { root, ...props } = prepare(this)
    this.#root = root
    render(<Page {...props} />, root)
  }

  disconnectedCallback(): void {
    if (this.#root) render(null, this.#root)
  }
}

/** Key of the session's note that somebody has closed the prompt. */
const CLOSED = 'usage-telemetry-prompt-closed'

/** Question for an administrator. Opens by itself while nobody has decided, once a session. */
export class UsageTelemetryPromptElement extends HTMLElement {
  #root: ShadowRoot | undefined

  connectedCallback(): void {
    void this.#openIfUndecided()
  }

  disconnectedCallback(): void {
    this.#close()
  }

  /** Opens the prompt, also where somebody has decided. */
  open(): void {
    const { root, ...props } = prepare(this)
    this.#root = root
    const { activeElement } = document
    const onClose = () => {
      sessionStorage.setItem(CLOSED, '1')
      this.#close()
      // Such as the entry of a menu. The browser gives the focus back for Escape only.
      if (activeElement instanceof HTMLElement) activeElement.focus()
    }
    render(<Prompt {...props} onClose={onClose} />, root)
  }

  async #openIfUndecided(): Promise<void> {
    if (sessionStorage.getItem(CLOSED) !== null) return
    try {
      const { verdict } = await createClient(BASE).status()
      if (verdict.state === 'undecided' && this.isConnected) this.open()
    } catch {
      // Nobody who is signed in, or no answer: there is nothing to ask.
    }
  }

  #close(): void {
    if (this.#root) render(null, this.#root)
  }
}
