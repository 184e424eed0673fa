/**
 * A process between ours and a server that we started: it ends the server when we end, however we end. Node.js cannot
 * tell a foreign program to die with its parent, but the IPC channel closes with us, SIGKILL included.
 *
 * Usage: node guard.ts <grace in ms> <command> [argument...]
 */
import { spawn } from 'node:child_process'

/** What the guard tells over the channel. */
export type GuardMessage = { readonly pid: number } | { readonly failed: string }

// Who started us was killed before we came to listen for it.
if (!process.connected) process.exit(1)

const [grace = '10000', command = '', ...args] = process.argv.slice(2)
/** Nobody may be there to hear it any more. Without its own ear for that, an error would end us, and leave the server. */
const tell = (message: GuardMessage) =>
  process.connected && process.send?.(message, undefined, undefined, () => {})

const server = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], windowsHide: true })

server.on('spawn', () => tell({ pid: server.pid as number }))
server.on('error', (error) => {
  tell({ failed: error.message })
  process.exitCode = 127
  if (process.connected) process.disconnect()
})
server.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128)
  if (process.connected) process.disconnect()
})

process.on('disconnect', () => {
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGTERM')
  setTimeout(() => server.kill('SIGKILL'), Number(grace)).unref()
})
// The server decides when it ends; the guard only follows.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => server.kill('SIGTERM'))
}
