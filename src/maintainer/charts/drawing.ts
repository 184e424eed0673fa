import { type PlotOptions, plot } from '@observablehq/plot'
import { MUTED, REST } from './colours.ts'
import { escapeXml, SvgDocument, type SvgElement } from './svg-document.ts'

/** A part of a chart, as SVG from 0,0 on. Parts stand one below the other. */
export interface Part {
  readonly height: number
  readonly svg: string
}

/** Size of texts in a chart. */
export const FONT_SIZE = 13
/** Width of a character of that size, a little wider than most fonts have it: nobody knows the font that will be used. */
const CHARACTER = 7.8

/** Width of a wide letter. */
const WIDE_CHARACTER = 12

export const textWidth = (text: string): number =>
  [...text].reduce((sum, each) => sum + (/[mwMW@%]/.test(each) ? WIDE_CHARACTER : CHARACTER), 0)

/** Returns the text, shortened to a width. */
export function fitted(text: string, width: number): string {
  const most = Math.max(2, Math.floor(width / CHARACTER))
  const characters = [...text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')]
  return characters.length <= most ? characters.join('') : `${characters.slice(0, most - 1).join('')}…`
}

/** Draws with Observable Plot. */
export function plotted(options: PlotOptions): Part {
  const svg = plot({ ...options, document: new SvgDocument() }) as SvgElement
  // Its style is the chart's own, and its labels are for pages with scripts: a chart is one image, with a title.
  for (const child of svg.childNodes)
    if (typeof child !== 'string' && child.tagName === 'style') svg.removeChild(child)
  svg.removeAttribute('class')
  svg.setAttribute('font-size', FONT_SIZE)
  const text = svg
    .toString()
    .replaceAll(/ aria-(?:label|hidden|description)="[^"]*"/g, '')
    .replaceAll(/(?<=[ ",(A-Za-z-]\d+\.\d\d)\d+/g, '')
  return { height: options.height, svg: text }
}

export interface TextOptions {
  readonly weight?: 'bold'
  readonly colour?: string
  readonly size?: number
}

/** Draws text, in as many lines as the width needs. */
export function texts(
  text: string,
  width: number,
  { weight, colour = 'currentColor', size = FONT_SIZE }: TextOptions = {},
): Part {
  const lines = wrapped(text, (width * FONT_SIZE) / size)
  const lineHeight = Math.round(size * 1.4)
  const svg = lines
    .map(
      (line, index) =>
        `<text x="0" y="${(index + 1) * lineHeight - Math.round(size * 0.35)}" font-size="${size}"${weight ? ` font-weight="${weight}"` : ''} fill="${colour}">${escapeXml(line)}</text>`,
    )
    .join('')
  return { height: lines.length * lineHeight + 4, svg }
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && textWidth(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((each) => fitted(each, width))
}

/** An entry of a legend. */
export interface Key {
  readonly label: string
  readonly colour: string
  /** Line around a colour that is near to that of the ground. */
  readonly isOutlined?: boolean
}

/** Draws a legend, in as many lines as the width needs. */
export function legend(keys: readonly Key[], width: number): Part {
  let [x, y] = [0, 0]
  const entries = keys.map(({ label, colour, isOutlined }) => {
    const shown = fitted(label, width - 20)
    const occupied = 18 + textWidth(shown) + 14
    if (x > 0 && x + occupied - 14 > width) [x, y] = [0, y + 20]
    const entry =
      `<rect x="${x}" y="${y + 3}" width="12" height="12" rx="2" fill="${colour}"${isOutlined ? ` stroke="${REST}" stroke-width="0.5"` : ''}/>` +
      `<text x="${x + 18}" y="${y + 14}" font-size="${FONT_SIZE}" fill="currentColor">${escapeXml(shown)}</text>`
    x = Math.round(x + occupied)
    return entry
  })
  return { height: y + 28, svg: entries.join('') }
}

/** A line of text in place of a chart, where there is nothing to draw. */
export const nothing = (text: string, width: number): Part => texts(text, width, { colour: MUTED })

/** Puts parts one below the other. */
export function stacked(parts: readonly Part[]): Part {
  let height = 0
  const moved = parts.map((part) => {
    const at = height
    height += part.height
    return at === 0 ? part.svg : `<g transform="translate(0,${at})">${part.svg}</g>`
  })
  return { height, svg: moved.join('') }
}
