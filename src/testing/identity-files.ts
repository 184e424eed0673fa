import { realpathSync } from 'node:fs'
import path from 'node:path'

/**
 * Creates a function that returns `true` for the path of an identity file: the file with the installation id, or a temporary file or copy
 * beside it. Without `stateDirectory`, the directory of the file does not matter. Symbolic links are resolved before directories are
 * compared.
 */
export function createIdentityFileTest(stateDirectory: string | undefined): (file: string) => boolean {
  const roots = stateDirectory && [path.resolve(stateDirectory), realOf(path.resolve(stateDirectory))]
  return (file) => {
    if (!IDENTITY_FILE.test(path.basename(file))) return false
    if (!roots) return true
    const folders = [path.dirname(path.resolve(file)), realOf(path.dirname(path.resolve(file)))]
    return folders.some((folder) => [...roots, realOf(roots[0] ?? '')].some((root) => isInside(folder, root)))
  }
}

/** Pattern of `installation.json` and of the temporary files of a writer, such as `installation.json.3f2a.tmp`. */
const IDENTITY_FILE = /^installation\.json(?:\..+)?$/

function isInside(folder: string, root: string): boolean {
  const way = path.relative(root, folder)
  return way === '' || (!path.isAbsolute(way) && way.split(path.sep)[0] !== '..')
}

function realOf(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    // The directory does not exist, or not yet.
    return directory
  }
}
