/** The primary of four workers (node:cluster). It replaces one that dies, and ends them when it is told to end: `node cluster.ts OPTIONS`. */
import cluster from 'node:cluster'
import path from 'node:path'

cluster.setupPrimary({ exec: path.join(import.meta.dirname, 'host.ts'), args: process.argv.slice(2, 3) })
let ending = false
cluster.on('exit', () => {
  if (!ending) cluster.fork()
})
process.once('SIGTERM', () => {
  ending = true
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM')
})
for (let worker = 0; worker < 4; worker++) cluster.fork()
