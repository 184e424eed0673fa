import { realpathSync } from 'node:fs'
import path from 'node:path'

/**
 * Tells whether a path is that of an identity file: the installation id, or a temporary file or copy beside it.
 * `stateDirectory` undefined: wherever it is. A directory reached by another name (a symbolic link) is the same directory.
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

/** `installation.json`, and what a writer makes on the way to it: `installation.json.3f2a.tmp`. */
const IDENTITY_FILE = /^installation\.json(?:\..+)?$/

function isInside(folder: string, root: string): boolean {
  const way = path.relative(root, folder)
  return way === '' || (!path.isAbsolute(way) && way.split(path.sep)[0] !== '..')
}

function realOf(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    // Not there, or not yet.
    return directory
  }
}
