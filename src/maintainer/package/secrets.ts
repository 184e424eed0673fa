import type { Environment } from '../../platform/index.ts'

/**
 * An address to be shown: scheme, host and path. Without user and password, and without its query, which may hold a password too.
 * What is no address is cut at the same places, because a password with a `/` makes an address none.
 */
export function shownAddress(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1').replace(/[?#].*$/s, '')
}

/** A text to be shown, without passwords: those that are given, and what stands where addresses have them. */
export function withoutSecrets(text: string, secrets: Iterable<string> = []): string {
  const known = [...new Set([...secrets].flatMap(spellings))].sort((a, b) => b.length - a.length)
  const cleaned = known.reduce(hide, text)
  return cleaned
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*@/gi, '$1')
    .replaceAll(/([?&;][^=&\s"']*(?:pass|pwd|secret|token|key|auth)[^=&\s"']*=)[^&\s"']+/gi, `$1${HIDDEN}`)
}

/** The passwords in an environment: of variables that are named so, and in addresses. */
export function secretsIn(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!value) return []
    return /PASSWORD|SECRET|TOKEN$/i.test(name) ? [value] : secretsOf(value)
  })
}

/** The passwords in an address. */
export function secretsOf(address: string): string[] {
  const login = /^[a-z][a-z0-9+.-]*:\/\/([^?#]*)@/is.exec(address)?.[1] ?? ''
  const query = new URLSearchParams(/\?([^#]*)/s.exec(address)?.[1] ?? '')
  const inQuery = [...query].flatMap(([name, value]) => (/pass|secret|token|key/i.test(name) ? [value] : []))
  return [...(login.includes(':') ? [login.slice(login.indexOf(':') + 1)] : []), ...inQuery].filter(
    (secret) => secret !== '',
  )
}

const HIDDEN = '***'

/** A secret as it may stand in an address, in JSON, and in an error that quotes either. */
function spellings(secret: string): string[] {
  const decoded = decodedOf(secret)
  return [secret, decoded, encodeURIComponent(decoded), encodeURI(decoded)]
    .flatMap((one) => [one, JSON.stringify(one).slice(1, -1)])
    .filter((one) => one !== '')
}

function decodedOf(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A short secret may be a part of many words: of it only whole words are hidden. */
function hide(text: string, secret: string): string {
  if (secret.length >= 4) return text.replaceAll(secret, HIDDEN)
  const literal = secret.replaceAll(/[^\w\s]/g, '\\$&')
  return text.replaceAll(new RegExp(`(?<!\\w)${literal}(?!\\w)`, 'g'), HIDDEN)
}
