/** Finds a Collector as a process of its own, and prints it. Its options are the argument, as JSON. */
import { findCollector } from '../../../src/gateway.ts'

console.log(JSON.stringify(await findCollector(JSON.parse(process.argv[2] as string))))
