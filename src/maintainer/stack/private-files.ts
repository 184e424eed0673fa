import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'

/** Writes a file that nobody but its owner can read, also where one with a wider mode is there already. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  await rm(file, { force: true })
  await writeFile(file, text, { mode: 0o600, flag: 'wx' })
}

/** Makes a directory into which nobody but its owner can look, or takes the way into it from the others. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
}
