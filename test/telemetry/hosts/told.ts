/** A host whose logger and sinks write to standard error: `node told.ts OPTIONS`. */
import { Console } from 'node:console'
import { createAcme } from '../../support/acme.ts'

const { logged = true, ...options } = JSON.parse(process.argv[2] ?? '{}')
const logger = new Console({ stdout: process.stderr, stderr: process.stderr })
const usage = createAcme({ environment: process.env, ...options, ...(logged && { logger }) })
await usage.start()
await usage.report()
await usage.shutdown()
