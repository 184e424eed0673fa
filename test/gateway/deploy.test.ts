import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { readManifest } from '../../src/maintainer/stack/collector/manifest.ts'

const root = path.resolve(import.meta.dirname, '../../collector-config')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const overlays = globSync('*.yaml', { cwd: root }).filter((file) => !/manifest|alerts/.test(file))
const deploy = globSync('deploy/*', { cwd: root })
const variables = (text: string) => new Set(text.match(/USAGE_[A-Z_]*[A-Z]/g))

test('nothing starts a Collector without the guard of its queue, and the image has the guard of this version', async () => {
  const { version } = JSON.parse(readFileSync(path.join(root, '../package.json'), 'utf8'))
  assert.match(
    read('deploy/usage-gateway.service'),
    /^ExecStart=\S+\/otel-usage gateway guard -- \S+\/otelcol /m,
  )
  assert.match(
    read('deploy/Containerfile'),
    /^ENTRYPOINT \["sh", "-c", ".* exec otel-usage gateway guard -- \/usage-gateway \\"\$@\\"", "usage-gateway"\]$/m,
  )
  assert.match(
    read('deploy/Containerfile'),
    new RegExp(` otel-usage@${version.replaceAll('.', '\\.')}$`, 'm'),
  )
  assert.match(read('deploy/kubernetes.yaml'), /image: \S+\/usage-gateway:/)
})

test('all that is deployed may open as many files, and has the memory for as many callers', () => {
  const found = (file: string, what: RegExp) => Number(what.exec(read(file))?.[1])
  assert.equal(found('deploy/usage-gateway.service', /^LimitNOFILE=(\d+)$/m), 256)
  assert.equal(found('deploy/Containerfile', /"ulimit -n (\d+) && exec /), 256)
  const memory = [
    found('deploy/usage-gateway.service', /^MemoryMax=(\d+)M$/m),
    found('deploy/compose.yaml', /mem_limit: (\d+)m$/m),
    found('deploy/kubernetes.yaml', /limits: \{ memory: (\d+)Mi \}/),
  ]
  assert.deepEqual([...new Set(memory)], [768])
})

test('every setting that the files for deploying name is one of the configuration', () => {
  const known = variables(overlays.map(read).join('\n'))
  for (const file of deploy) {
    for (const name of variables(read(file))) assert.ok(known.has(name), `${name} in ${file}`)
  }
})

test('every setting of the configuration is in README.md', () => {
  const told = variables(read('README.md'))
  for (const file of overlays) {
    for (const name of variables(read(file))) assert.ok(told.has(name), `${name} of ${file}`)
  }
})

test('every file is in README.md', () => {
  const text = read('README.md')
  for (const file of [...overlays, ...deploy, 'manifest.yaml', 'alerts.yaml'])
    assert.ok(text.includes(`\`${file}\``), file)
})

test('the images have the version of the manifest', async () => {
  const { version } = await readManifest(path.join(root, 'manifest.yaml'))
  assert.ok(read('deploy/kubernetes.yaml').includes(`/usage-gateway:${version}\n`))
  assert.ok(read('deploy/Containerfile').includes(`/cmd/builder@v${version}\n`))
})

test('in Kubernetes no report is taken by plain HTTP from outside, and something makes the store', () => {
  const kubernetes = documents('deploy/kubernetes.yaml')
  const kinds = kubernetes.map((text) => /^kind: (\S+)$/m.exec(text)?.[1])
  assert.doesNotMatch(kubernetes.join(), /LoadBalancer|NodePort|hostPort|hostNetwork/)
  const ingress = kubernetes[kinds.indexOf('Ingress')] ?? ''
  assert.match(ingress, /^ {2}tls:\n {4}- hosts: \[(\S+)\]\n[\s\S]+^ {4}- host: \1$/m)
  assert.match(ingress, /force-ssl-redirect: "true"/)
  assert.match(ingress, /enable-access-log: "false"/, 'a log of addresses')
  const job = kubernetes[kinds.indexOf('Job')] ?? ''
  assert.match(job, /CREATE DATABASE IF NOT EXISTS usage/)
  assert.match(job, /--queries-file \/etc\/usage-store\/schema\.sql/)
})

test('every secret and map that Kubernetes mounts is one whose making is written down', () => {
  const all = [
    ...documents('deploy/kubernetes.yaml'),
    ...documents('deploy/kubernetes-clickhouse.yaml'),
  ].join()
  const made = new Set(
    [...all.matchAll(/create (?:configmap|secret generic|secret tls) (\S+)/g)].map(([, name]) => name),
  )
  const used = [
    ...all.matchAll(/(?:configMap|secretRef|secretKeyRef): \{ name: ([\w-]+)/g),
    ...all.matchAll(/secretName: (\S+)/g),
  ].map(([, name]) => name)
  assert.ok(used.length >= 8)
  for (const name of used) assert.ok(made.has(name), name)
})

test('what a service, an Ingress or a claim leads to is there', () => {
  const all = ['deploy/kubernetes.yaml', 'deploy/kubernetes-clickhouse.yaml']
    .flatMap((file) => parseAllDocuments(read(file)))
    .map((document) => document.toJS())
  const ofKind = (kind: string) => all.filter((object) => object.kind === kind)
  const pods = ofKind('StatefulSet').map(({ spec }) => spec.template)
  const services = ofKind('Service')
  for (const { metadata, spec } of services) {
    const found = pods.find(({ metadata: { labels } }) =>
      Object.entries(spec.selector).every(([label, value]) => labels[label] === value),
    )
    assert.ok(found, `${metadata.name} selects no pod`)
    const named = found.spec.containers.flatMap(({ ports }: { ports: { name: string }[] }) => ports)
    for (const { targetPort } of spec.ports)
      assert.ok(
        named.some(({ name }: { name: string }) => name === targetPort),
        `${metadata.name} has no port ${targetPort}`,
      )
  }
  const portsOf = (service: string) =>
    services.find(({ metadata }) => metadata.name === service)?.spec.ports.map(({ name }: never) => name)
  const [{ spec }] = ofKind('Ingress')
  for (const { backend } of spec.rules[0].http.paths)
    assert.ok(portsOf(backend.service.name)?.includes(backend.service.port.name))
  for (const { spec } of ofKind('StatefulSet')) assert.ok(portsOf(spec.serviceName), spec.serviceName)
  const store = all.flatMap(
    (object) => JSON.stringify(object).match(/tcp:\/\/(\w+):9000|--host (\w+)/g) ?? [],
  )
  assert.deepEqual([...new Set(store)].sort(), ['--host clickhouse', 'tcp://clickhouse:9000'])
  assert.ok(portsOf('clickhouse'))
})

test('on one machine only the proxy and, on the loopback device, the metrics have a port', () => {
  const compose = read('deploy/compose.yaml')
  assert.deepEqual(
    [...compose.matchAll(/^ {6}- "([^"]+)"$/gm)].map(([, port]) => port),
    ['443:443', '127.0.0.1:8888:8888'],
  )
  assert.match(compose, /USAGE_GATEWAY_ENDPOINT: 127\.0\.0\.1:4318/)
  assert.match(compose, /network_mode: service:gateway/)
  assert.doesNotMatch(compose, /PASSWORD: (?!\$\{CLICKHOUSE_PASSWORD:\?)/, 'a password that everybody knows')
})

test('all files name one version of ClickHouse', () => {
  const versions = deploy.flatMap((file) => read(file).match(/clickhouse-server:\S+/g) ?? [])
  assert.ok(versions.length >= 4)
  assert.deepEqual([...new Set(versions)], ['clickhouse-server:26.7'])
})

const documents = (file: string) => read(file).split('\n---\n')
