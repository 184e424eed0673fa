import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerPack, kubernetesPack } from '../../src/library/packs/index.ts'
import { createPackHost, type Machine, valuesOf } from './host.ts'

const ID = '3f2a9b1c4d5e6f708192a3b4c5d6e7f83f2a9b1c4d5e6f708192a3b4c5d6e7f8'
const HOST_MOUNTS = [
  '22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw',
  `90 22 0:50 / /var/lib/docker/overlay2/${ID}/merged rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/x/diff`,
].join('\n')

const rootOf = (layers: string) =>
  `1105 1012 0:106 / / rw,relatime master:389 - overlay overlay rw,lowerdir=${layers}/a,upperdir=${layers}/b,workdir=${layers}/c\n` +
  '1106 1105 0:109 / /proc rw - proc proc rw\n'

const proc = (cgroup: string, mountinfo = HOST_MOUNTS) => ({
  '/proc/self/cgroup': cgroup,
  '/proc/self/mountinfo': mountinfo,
})

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1' }

/** The machine, the runtime (`undefined` where it is in no container), whether in Kubernetes. */
const MACHINES: Record<string, readonly [Machine, string | undefined, boolean]> = {
  'a machine of its own, that runs containers': [
    { files: proc('0::/user.slice/user-1000.slice/session-2.scope\n') },
    ...([undefined, false] as const),
  ],
  'the service of Docker itself': [
    { files: proc('0::/system.slice/docker.service\n') },
    ...([undefined, false] as const),
  ],
  'Docker, by its mark': [
    { files: { '/.dockerenv': '', ...proc('0::/\n') } },
    ...(['docker', false] as const),
  ],
  'Docker, by its control group': [
    { files: proc(`12:memory:/docker/${ID}\n`) },
    ...(['docker', false] as const),
  ],
  'Docker with systemd': [
    { files: proc(`0::/system.slice/docker-${ID}.scope\n`) },
    ...(['docker', false] as const),
  ],
  'Docker, by its layers': [
    { files: proc('0::/\n', rootOf('/var/lib/docker/overlay2/l')) },
    ...(['docker', false] as const),
  ],
  'Podman, by its mark': [
    { files: { '/run/.containerenv': 'engine="podman-5.2.2"\nname="alices-box"\n', ...proc('0::/\n') } },
    ...(['podman', false] as const),
  ],
  'Podman without root, by its layers': [
    { files: proc('0::/\n', rootOf('/home/alice/.local/share/containers/storage/overlay')) },
    ...(['podman', false] as const),
  ],
  'containerd in Kubernetes, old control groups': [
    { files: proc(`5:cpu:/kubepods/burstable/pod0a1b/cri-containerd-${ID}\n`), variables: POD },
    ...(['containerd', true] as const),
  ],
  'containerd in Kubernetes, new control groups': [
    {
      files: proc('0::/\n', rootOf('/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7')),
      variables: POD,
    },
    ...(['containerd', true] as const),
  ],
  'CRI-O in Kubernetes, which leaves the mark of Podman': [
    { files: { '/run/.containerenv': '', ...proc('0::/\n') }, variables: POD },
    ...(['cri-o', true] as const),
  ],
  'a pod that has nothing but its service account': [
    { files: { '/var/run/secrets/kubernetes.io/serviceaccount': '', ...proc('0::/\n') } },
    ...(['other', true] as const),
  ],
  LXC: [{ files: proc('0::/lxc.payload.web-1/init.scope\n') }, ...(['lxc', false] as const)],
  'LXC, by its variable': [
    { files: proc('0::/\n'), variables: { container: 'lxc' } },
    ...(['lxc', false] as const),
  ],
  'a runtime of somebody': [
    { files: proc('0::/\n'), variables: { container: 'initech-jail' } },
    ...(['other', false] as const),
  ],
  'the sandbox of a desktop application': [
    { files: proc('0::/\n'), variables: { container: 'flatpak' } },
    ...([undefined, false] as const),
  ],
  macOS: [{ os: { platform: 'darwin' } }, ...([undefined, false] as const)],
}

for (const [name, [machine, runtime, kubernetes]] of Object.entries(MACHINES)) {
  test(`container and Kubernetes: ${name}`, async () => {
    const options = { since: 1, prefix: 'acme', host: createPackHost(machine) } as const
    assert.deepEqual(await valuesOf(containerPack(options)), {
      'acme.container': runtime !== undefined,
      ...(runtime !== undefined && { 'container.runtime.name': runtime }),
    })
    assert.deepEqual(await valuesOf(kubernetesPack(options)), { 'acme.kubernetes': kubernetes })
  })
}

test('what cannot be found out is absent: Windows, files that cannot be read, that are huge or not text', async () => {
  const denied = Object.assign(new Error('permission denied'), { code: 'EACCES' })
  const traps: Machine[] = [
    { os: { platform: 'win32' } },
    { files: { '/proc/self/cgroup': denied, '/proc/self/mountinfo': denied } },
    { files: { '/proc/self/cgroup': 'x'.repeat(70_000), '/proc/self/mountinfo': 'x'.repeat(1_100_000) } },
    { files: { '/proc/self/cgroup': Uint8Array.of(0), '/proc/self/mountinfo': Uint8Array.of(0xff) } },
  ]
  for (const trap of traps) {
    const pack = containerPack({ since: 1, prefix: 'acme', host: createPackHost(trap) })
    assert.deepEqual(await valuesOf(pack), {})
  }
})
