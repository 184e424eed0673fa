import { readTextFile } from '../../platform/index.ts'

/**
 * The machine id of the system (machine-id(5)); `undefined` where there is none: outside of Linux, before the first boot of an
 * image is over, and in a container. There it is the image's or the container's, and changes with every upgrade.
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

/** What Docker and Podman leave in a container. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv']

/** What the root of most other containers is. */
const OVERLAY_ROOT = /^\S+ \/ overlay /m
