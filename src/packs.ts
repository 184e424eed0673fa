/**
 * Ready-made facts about a product's build, system, runtime, machine, surroundings and installation. Each pack is used by
 * itself; none starts a child process or uses the network, and none can report a name, a path or an address.
 *
 * @module otel-usage/packs
 */
export * from './library/packs/index.ts'
