/**
 * Runs as a process between ours and a server: it ends the server when our process ends, however that happens. Node.js cannot make a
 * program end with its parent, but the IPC channel closes when the parent ends, also by SIGKILL.
 *
 * Usage: node guard.ts <grace in ms> <command> [argument...]
 */
import { spawn } from 'node:child_process'

/** Message of the guard over the channel. */
export type GuardMessage = { readonly pid: number } | { readonly failed: string }

// The parent was killed before this process could listen.
if (!process.connected) process.exit(1)

const [grace = '10000', command = '', ...args] = process.argv.slice(2)
/** Sends a message to a parent that may be gone. An error without a listener would end the guard, and leave the server running. */
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
// The guard ends after the server.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => server.kill('SIGTERM'))
}
