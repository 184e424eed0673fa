/**
 * A document with as much of the DOM as Observable Plot needs to draw: elements, attributes, texts. A full one, such as jsdom, would be
 * larger than Plot itself.
 */
const SVG = 'http://www.w3.org/2000/svg'

/** An element of SVG, which can be written as text. */
export class SvgElement {
  readonly nodeType = 1
  readonly namespaceURI = SVG
  readonly tagName: string
  readonly ownerDocument: SvgDocument
  parentNode: SvgElement | null = null
  readonly #attributes = new Map<string, string>()
  readonly #children: (SvgElement | string)[] = []

  constructor(ownerDocument: SvgDocument, tagName: string) {
    this.ownerDocument = ownerDocument
    this.tagName = tagName
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null
  }
  hasAttribute(name: string): boolean {
    return this.#attributes.has(name)
  }
  setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, String(value))
  }
  setAttributeNS(_namespace: string, name: string, value: unknown): void {
    this.setAttribute(name, value)
  }
  removeAttribute(name: string): void {
    this.#attributes.delete(name)
  }
  appendChild<Child extends SvgElement>(child: Child): Child {
    this.append(child)
    return child
  }
  append(...children: readonly (SvgElement | string)[]): void {
    for (const child of children) {
      if (typeof child !== 'string') child.parentNode = this
      this.#children.push(child)
    }
  }
  insertBefore<Child extends SvgElement>(child: Child, next: SvgElement | null): Child {
    child.parentNode = this
    this.#children.splice(next === null ? this.#children.length : this.#children.indexOf(next), 0, child)
    return child
  }
  removeChild<Child extends SvgElement>(child: Child): Child {
    this.#children.splice(this.#children.indexOf(child), 1)
    return child
  }
  get childNodes(): readonly (SvgElement | string)[] {
    return this.#children
  }
  get textContent(): string {
    return this.#children.map((child) => (typeof child === 'string' ? child : child.textContent)).join('')
  }
  set textContent(text: unknown) {
    this.#children.splice(0, Infinity, String(text ?? ''))
  }

  /** Returns the element as text. */
  toString(): string {
    const attributes = [...this.#attributes].map(([name, value]) => ` ${name}="${escapeXml(value)}"`).join('')
    if (this.#children.length === 0) return `<${this.tagName}${attributes}/>`
    const children = this.#children.map((child) =>
      typeof child === 'string' ? escapeXml(child) : child.toString(),
    )
    return `<${this.tagName}${attributes}>${children.join('')}</${this.tagName}>`
  }
}

export class SvgDocument {
  readonly nodeType = 9
  readonly documentElement: SvgElement = new SvgElement(this, 'svg')

  createElementNS(_namespace: string, name: string): SvgElement {
    return new SvgElement(this, name)
  }
}

/** Returns a text for XML, between tags and in attributes. What XML cannot hold, or what hides or reverses text, becomes U+FFFD. */
export const escapeXml = (text: string): string =>
  text
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
