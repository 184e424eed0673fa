/** The operation that gives reports to somebody who carries them to the receiver. */
import type { ExportDocument } from '../../../library/delivery/index.ts'
import { createDeferred, Date } from '../../../platform/index.ts'
import { exportFileOf } from '../../operations/index.ts'
import { digestOf } from '../content.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { Nothing } from '../schemas.ts'

export const EXPORT_ROUTES = [
  route({
    method: 'POST',
    path: '/export',
    id: 'exportReports',
    summary: 'Makes a report, and downloads it with those that wait, for a closed network',
    description:
      'The file is an OTLP request; the header Usage-Import says how to hand it to the receiver, Repr-Digest has its SHA-256. The reports ' +
      'in it count as delivered, with the outcome `exported`, once the whole file was read. If the download breaks off, they wait as before.',
    purpose: 'write',
    body: Nothing,
    produces: 'application/json',
    refusals: ['not-exported'],
    async respond({ usage, clock }) {
      const given = createDeferred<ExportDocument | undefined>()
      const read = createDeferred()
      const exporting = usage.export((document) => {
        given.resolve(document)
        return read.promise
      })
      const ended = exporting.then((result) => {
        given.resolve(undefined)
        return result
      })
      const document = await given.promise
      if (!document) throw new Refusal('not-exported', `No report was exported: ${(await ended).reason}.`)
      const { product } = await usage.status()
      const { name, importCommand } = exportFileOf(document, product, new Date(clock.now()).toISOString())
      return new Response(bodyOf(document, read, ended), {
        headers: {
          'content-type': 'application/json',
          'content-disposition': `attachment; filename="${name}"`,
          'repr-digest': digestOf(document.bytes),
          'usage-import': importCommand,
        },
      })
    },
  }),
]

/** Returns a stream with the bytes of a document. `read` settles with it: when it was read to its end, or given up. */
function bodyOf(
  { bytes }: ExportDocument,
  read: { resolve(): void; reject(reason: Error): void },
  ended: Promise<unknown>,
): ReadableStream<Uint8Array> {
  let isSent = false
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!isSent) {
          isSent = true
          return controller.enqueue(Uint8Array.from(bytes))
        }
        read.resolve()
        await ended
        controller.close()
      },
      cancel: () => read.reject(new Error('the download broke off')),
    },
    { highWaterMark: 0 },
  )
}
