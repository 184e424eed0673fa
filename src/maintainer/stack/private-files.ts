import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'

/** Writes a file that only its owner can read, even if it exists with a wider mode. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  await rm(file, { force: true })
  await writeFile(file, text, { mode: 0o600, flag: 'wx' })
}

/** Makes a directory that only its owner can enter, or restricts an existing one. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
}
