import { readTextFile } from '../../platform/index.ts'

/**
 * Returns the machine id of the system (machine-id(5)). Returns `undefined` outside of Linux, before the first boot of an image has
 * completed, and in a container: there, the machine id belongs to the image or the container, and changes with every upgrade.
 */
export function systemMachine(read: (file: string) => string = readTextFile): string | undefined {
  const textOf = (file: string) => {
    try {
      return read(file)
    } catch {
      return undefined
    }
  }
  if (CONTAINER_MARKS.some((file) => textOf(file) !== undefined)) return undefined
  if (OVERLAY_ROOT.test(textOf('/proc/self/mounts') ?? '')) return undefined
  return MACHINE_IDS.map((file) => textOf(file)?.trim()).find((id) => MACHINE_ID.test(id ?? ''))
}

const MACHINE_IDS = ['/etc/machine-id', '/var/lib/dbus/machine-id']

const MACHINE_ID = /^(?!0{32})[0-9a-f]{32}$/

/** Files that Docker and Podman create in a container. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv']

/** Pattern of the overlay mount that is the root of most other containers. */
const OVERLAY_ROOT = /^\S+ \/ overlay /m
