import type { Format } from '../format.ts'
import { german } from './de.ts'
import { english, type Messages } from './en.ts'

export type { Messages }

const LANGUAGES: Readonly<Record<string, (format: Format) => Messages>> = { en: english, de: german }

/** Returns the first of these languages that the page has; English if it has none of them. */
export const languageOf = (wanted: readonly string[]): string =>
  wanted.find((tag) => Object.hasOwn(LANGUAGES, primary(tag)) && isTag(tag)) ?? 'en'

/** Browsers under a POSIX locale name languages such as `en-US@posix`, which `Intl` does not accept. */
function isTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1
  } catch {
    return false
  }
}

export const messagesIn = (format: Format): Messages => (LANGUAGES[primary(format.locale)] ?? english)(format)

const primary = (tag: string) => tag.toLowerCase().split('-', 1)[0] as string
