import type { Environment } from '../../platform/index.ts'

/**
 * Returns an address without user, password and query, for a message. A query may hold a password too. An invalid address is cut at the
 * same places, because a `/` in a password makes an address invalid.
 */
export function shownAddress(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1').replace(/[?#].*$/s, '')
}

/** Returns a text with secrets hidden: the given ones, and everything at the places where addresses have passwords. */
export function withoutSecrets(text: string, secrets: Iterable<string> = []): string {
  const known = [...new Set([...secrets].flatMap(spellings))].sort((a, b) => b.length - a.length)
  const cleaned = known.reduce(hide, text)
  return cleaned
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*@/gi, '$1')
    .replaceAll(/([?&;][^=&\s"']*(?:pass|pwd|secret|token|key|auth)[^=&\s"']*=)[^&\s"']+/gi, `$1${HIDDEN}`)
}

/** Returns the secrets in an environment: values of variables with such a name, and passwords in addresses. */
export function secretsIn(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!value) return []
    return /PASSWORD|SECRET|TOKEN$/i.test(name) ? [value] : secretsOf(value)
  })
}

/** Returns the passwords in an address. */
export function secretsOf(address: string): string[] {
  const login = /^[a-z][a-z0-9+.-]*:\/\/([^?#]*)@/is.exec(address)?.[1] ?? ''
  const query = new URLSearchParams(/\?([^#]*)/s.exec(address)?.[1] ?? '')
  const inQuery = [...query].flatMap(([name, value]) => (/pass|secret|token|key/i.test(name) ? [value] : []))
  return [...(login.includes(':') ? [login.slice(login.indexOf(':') + 1)] : []), ...inQuery].filter(
    (secret) => secret !== '',
  )
}

const HIDDEN = '***'

/** Returns the forms in which a secret may appear: in an address, in JSON, and in an error that quotes one of them. */
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

/** Hides a secret in a text. A short one may be part of many words, so only whole words are hidden. */
function hide(text: string, secret: string): string {
  if (secret.length >= 4) return text.replaceAll(secret, HIDDEN)
  const literal = secret.replaceAll(/[^\w\s]/g, '\\$&')
  return text.replaceAll(new RegExp(`(?<!\\w)${literal}(?!\\w)`, 'g'), HIDDEN)
}
