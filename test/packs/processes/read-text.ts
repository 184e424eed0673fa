/** Prints what is read of the file that is named: `undefined` where it is no small text file. */
import { systemPackHost } from '../../../src/library/packs/index.ts'
import { readText } from '../../../src/library/packs/read-text.ts'

console.log(String(await readText(systemPackHost, process.argv[2] ?? '')))
