import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { useSurroundings } from './context.ts'

/** Dialog over the page. The browser keeps the focus in it, and closes it by Escape. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  const { messages } = useSurroundings()
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const opened = dialog.current
    if (!opened) return undefined
    const { activeElement } = opened.getRootNode() as ShadowRoot
    opened.showModal()
    return () => {
      // Behind an open dialog nothing takes the focus, and the browser gives it back for Escape only.
      opened.close()
      ;(activeElement as HTMLElement | null)?.focus()
    }
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <div class="head">
        <h2 id={id}>{title}</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          {messages.close}
        </button>
      </div>
      {children}
    </dialog>
  )
}
