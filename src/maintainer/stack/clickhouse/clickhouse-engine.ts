/**
 * Runs ClickHouse from npm as a process: the library of the package `chdb` contains the program clickhouse-local. Called with its
 * command line, it opens the real HTTP and native ports, and returns after SIGTERM.
 *
 * Usage: node clickhouse-engine.ts <library> [argument of clickhouse-local...]
 */
import { DataType, load, open } from 'ffi-rs'

const [library = '', ...args] = process.argv.slice(2)
const command = ['clickhouse-local', ...args]

open({ library: 'chdb', path: library })
load({
  library: 'chdb',
  funcName: 'query_stable_v2',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [command.length, command],
})
