/** Texts that come from the product or its network: shown as text, never as markup. */
import type { ComponentChildren } from 'preact'
import { shown } from '../../operations/index.ts'
import { useSurroundings } from './context.ts'

export const Code = ({ children }: { readonly children: unknown }) => <code>{shown(children)}</code>

/** Shows a value of a fact. */
export function Value({ value, label = '' }: { readonly value: unknown; readonly label?: string }) {
  const { format } = useSurroundings()
  const text =
    typeof value === 'number'
      ? format.number(value)
      : shown(typeof value === 'object' && value !== null ? JSON.stringify(value) : value)
  return (
    <span class="value">
      {text}
      {label !== '' && <span class="soft"> {shown(label)}</span>}
    </span>
  )
}

/** Link to another site; only its text, if the address is not one of the web. */
export function Link({
  href,
  label,
  children,
}: {
  readonly href: string
  readonly label?: string
  readonly children: ComponentChildren
}) {
  if (!/^https?:\/\//.test(href)) return <>{children}</>
  return (
    <a href={href} rel="noreferrer" {...(label !== undefined && { 'aria-label': label })}>
      {children}
    </a>
  )
}
