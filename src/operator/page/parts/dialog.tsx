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
    if (!dialog.current) return undefined
    const { activeElement } = dialog.current.getRootNode() as ShadowRoot
    dialog.current.showModal()
    // The browser gives the focus back only where the dialog is closed before it is removed.
    return () => (activeElement as HTMLElement | null)?.focus()
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
