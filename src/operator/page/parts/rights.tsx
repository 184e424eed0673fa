import { useState } from 'preact/hooks'
import { receiverOf } from '../sentence.ts'
import { useSurroundings } from './context.ts'
import { Dialog } from './dialog.tsx'
import { Link } from './text.tsx'

/** Export, erasure, and who has the reports. */
export function Rights() {
  const { known, messages, format } = useSurroundings()
  const { about, status } = known
  const [open, setOpen] = useState<'export' | 'forget'>()
  const { receiver } = about
  return (
    <section class="card" data-part="rights">
      <h2>{messages.rights}</h2>
      {receiver && (
        <p class="soft">
          {messages.receiver(receiver.operator, receiver.seenBy)}{' '}
          {messages.kept(
            typeof receiver.retention === 'string'
              ? receiver.retention
              : format.list(Object.entries(receiver.retention).map(([level, time]) => `${time} (${level})`)),
          )}{' '}
          {receiver.erasure}
        </p>
      )}
      {status.product.homepage !== undefined && (
        <p>
          <Link href={status.product.homepage}>{messages.learnMore}</Link>
        </p>
      )}
      {about.you.write && (
        <p class="buttons">
          <button type="button" onClick={() => setOpen('export')}>
            {messages.exportAll}
          </button>
          <button type="button" onClick={() => setOpen('forget')}>
            {messages.forget}
          </button>
        </p>
      )}
      {open === 'export' && <Export onClose={() => setOpen(undefined)} />}
      {open === 'forget' && <Forget onClose={() => setOpen(undefined)} />}
    </section>
  )
}

function Export({ onClose }: { readonly onClose: () => void }) {
  const { messages, model, act } = useSurroundings()
  const [done, setDone] = useState<{ name: string; command: string }>()
  const make = () =>
    act(async () => {
      const { name, content, importCommand } = await model.client.export()
      save(name, content)
      setDone({ name, command: importCommand })
      return undefined
    })
  return (
    <Dialog title={messages.exportAll.replace(/\s*…$/, '')} onClose={onClose}>
      {done ? (
        <>
          <p>{messages.exported(done.name)}</p>
          <pre class="bytes">{done.command}</pre>
        </>
      ) : (
        <>
          <p>{messages.exportWhy}</p>
          <button type="button" class="primary" onClick={() => void make()}>
            {messages.exportNow}
          </button>
        </>
      )}
    </Dialog>
  )
}

function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers read it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function Forget({ onClose }: { readonly onClose: () => void }) {
  const { known, messages, model, act } = useSurroundings()
  const erase = async () => {
    await act(async () => messages.forgotten((await model.client.forget()).reason))
    onClose()
  }
  return (
    <Dialog title={messages.forget.replace(/\s*…$/, '')} onClose={onClose}>
      <p>{messages.forgetWhy(receiverOf(known.status))}</p>
      <button type="button" class="danger" onClick={() => void erase()}>
        {messages.forgetNow}
      </button>
    </Dialog>
  )
}
