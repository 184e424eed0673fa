/** Starts a server under the guard, prints its process id, and stays. */
import { startGuarded } from '../../../src/maintainer/stack/process/guarded-process.ts'

const server = await startGuarded({ command: process.argv.slice(2), environment: process.env, grace: 200 })
console.log(server.pid)
