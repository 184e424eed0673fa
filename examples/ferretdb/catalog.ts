import { defineCatalog } from 'otel-usage'
import { buildPack, cloudPack, cloudRegionPack, operatingSystemPack } from 'otel-usage/packs'

const common = { since: 1, level: 'full' } as const
const words = (text: string) => text.trim().split(/\s+/)

/** The commands that FerretDB knows, old spellings included. Whatever else a client sends is `other`. */
export const COMMANDS = words(`
  aggregate authenticate buildInfo buildinfo bulkWrite collMod collStats compact connPoolStats connectionStatus count create
  createIndexes createUser currentOp dataSize dbStats dbstats delete distinct drop dropAllUsersFromDatabase dropDatabase
  dropIndexes dropUser endSessions explain ferretDebugError find findAndModify findandmodify getCmdLineOpts
  getFreeMonitoringStatus getLog getMore getParameter hello hostInfo insert isMaster ismaster killAllSessions
  killAllSessionsByPattern killCursors killSessions listCollections listCommands listDatabases listIndexes logout ping
  reIndex refreshSessions renameCollection saslContinue saslStart serverStatus setFreeMonitoring startSession unknown update
  updateUser usersInfo validate whatsmyuri other
`)

/** Results of a command that no single argument has caused: FerretDB's own words, and the names of the most frequent errors. */
const RESULTS = words(`
  ok error panic unknown InternalError BadValue FailedToParse Unauthorized TypeMismatch AuthenticationFailed
  NamespaceNotFound NamespaceExists CommandNotFound CommandNotSupported NotImplemented CursorNotFound DuplicateKey
  MaxTimeMSExpired other
`)

/** Results that one argument, operator or stage of a command has caused. */
const BLAMED_RESULTS = words('ok panic NotImplemented CommandNotSupported other')

/** The stages of aggregation pipelines. */
const STAGES = words(`
  $addFields $bucket $bucketAuto $changeStream $collStats $count $currentOp $densify $documents $facet $fill $geoNear
  $graphLookup $group $indexStats $limit $lookup $match $merge $out $project $redact $replaceRoot $replaceWith $sample
  $search $set $setWindowFields $skip $sort $sortByCount $unionWith $unset $unwind $vectorSearch
`)

/** The operators of updates. */
const UPDATE_OPERATORS = words(`
  $addToSet $bit $currentDate $each $inc $max $min $mul $pop $position $pull $pullAll $push $rename $set $setOnInsert
  $unset
`)

/** The operators of queries. */
const QUERY_OPERATORS = words(`
  $all $and $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet $comment $elemMatch $eq $exists $expr $geoIntersects
  $geoWithin $gt $gte $in $jsonSchema $lt $lte $mod $ne $near $nearSphere $nin $nor $not $or $regex $size $text $type
  $where
`)

const build = buildPack({ ...common, prefix: 'ferretdb', build: {} })
const operatingSystem = operatingSystemPack(common)

const cloud = cloudPack(common)
const region = cloudRegionPack(common)

/** The packs that a host passes to `usage.use`. It sets the facts of its build itself. */
export const packs = [operatingSystem, cloud, region]

const attribute = { ...common, kind: 'attribute' } as const
const environment = (pattern: string, why: string, example: string) =>
  ({ ...attribute, type: 'string', pattern, why, example }) as const

/** Everything that FerretDB reports. `version` and `uuid` are the report's own product version and installation id. */
export const catalog = defineCatalog({
  version: 1,
  prefix: 'ferretdb',
  levels: ['full'],
  facts: {
    'vcs.ref.head.revision': {
      ...attribute,
      type: 'string',
      pattern: '[0-9a-f]{40}|unknown',
      why: 'Shows from which commit the product was built, so that a defect can be looked for in that very code.',
      example: '2214721e51d64be04ad016f401d0abf8a335993e',
    },
    'ferretdb.build.branch': {
      ...attribute,
      type: 'enum',
      values: ['main', 'main-v1', 'unknown', 'other'],
      why: 'Tells releases from builds of code that is still being worked on. Private branches are not named.',
      example: 'unknown',
    },
    'ferretdb.build.dirty': build.facts['ferretdb.build.dirty'],
    'ferretdb.build.debug': build.facts['ferretdb.build.debug'],
    'ferretdb.build.package': {
      ...attribute,
      type: 'enum',
      values: [
        ...([
          'docker',
          'docker-development',
          'docker-eval',
          'docker-eval-dev',
          'deb',
          'deb-development',
        ] as const),
        ...(['rpm', 'rpm-development', 'bin', 'bin-development', 'build-host', 'embedded'] as const),
        ...(['unknown', 'other'] as const),
      ],
      why: 'Shows which kinds of packages are used, and so which must be kept and tested.',
      example: 'docker',
    },
    'ferretdb.build.environment.buildmode': environment(
      '[a-z-]+',
      'Shows in which mode the compiler was run, because some defects appear in one mode only.',
      'exe',
    ),
    'ferretdb.build.environment.cgo_enabled': environment(
      '[01]',
      'Tells builds that contain C code from those that do not, which behave differently when names are resolved.',
      '0',
    ),
    'ferretdb.build.environment.compiler': environment(
      '[a-z]+',
      'Tells the compilers apart, because only one of them is tested.',
      'gc',
    ),
    'ferretdb.build.environment.go_runtime': environment(
      '[0-9A-Za-z.+-]+',
      'Shows on which version of Go the product runs, to know who is affected by a defect in it.',
      'go1.25.5',
    ),
    'ferretdb.build.environment.go_version': environment(
      '[0-9A-Za-z.+-]+',
      'Shows with which version of Go the product was built.',
      'go1.25.5',
    ),
    'ferretdb.build.environment.goamd64': environment(
      'v[1-4]',
      'Shows which instructions of x86 processors the build needs, so that newer ones can be made the default.',
      'v1',
    ),
    'ferretdb.build.environment.goarch': environment(
      '[0-9a-z]+',
      'Shows for which processor the product was built, which may not be the one it runs on.',
      'amd64',
    ),
    'ferretdb.build.environment.goarm64': environment(
      'v[89]\\.[0-9](?:,[a-z]+)*',
      'Shows which instructions of ARM processors the build needs.',
      'v8.0',
    ),
    'ferretdb.build.environment.goos': environment(
      '[a-z]+',
      'Shows for which system the product was built.',
      'linux',
    ),
    'ferretdb.build.environment.race': environment(
      'true|false',
      'Tells builds that look for races apart, which are many times slower.',
      'false',
    ),
    'ferretdb.build.environment.tags': environment(
      '[0-9a-z_,]+',
      'Shows which parts of the code were built in.',
      'ferretdb_dev',
    ),
    'ferretdb.build.environment.trimpath': environment(
      'true|false',
      'Tells reproducible builds, which name no directory, from others.',
      'true',
    ),
    'ferretdb.build.environment.vcs': environment(
      '[a-z]+',
      'Shows whether the build was made from a repository or from an archive.',
      'git',
    ),
    'ferretdb.build.environment.vcs_modified': environment(
      'true|false',
      'Tells builds with local changes apart, as the compiler saw them.',
      'true',
    ),
    'ferretdb.build.environment.vcs_revision': environment(
      '[0-9a-f]{40}',
      'Shows from which commit the product was built, as the compiler saw it.',
      '2214721e51d64be04ad016f401d0abf8a335993e',
    ),
    'ferretdb.build.environment.vcs_time': environment(
      '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z',
      'Shows how old the code is that the build was made from.',
      '2025-03-05T12:26:16Z',
    ),
    'os.type': operatingSystem.facts['os.type'],
    'host.arch': operatingSystem.facts['host.arch'],
    'cloud.provider': cloud.facts['cloud.provider'],
    'cloud.region': region.facts['cloud.region'],
    'ferretdb.backend': {
      ...attribute,
      type: 'enum',
      values: ['postgresql', 'sqlite', 'hana', 'tigris'],
      why: 'Shows on which database the product stores, and so which of them must be supported. Version 2 has PostgreSQL only.',
      example: 'postgresql',
    },
    'ferretdb.backend.version': {
      ...attribute,
      type: 'string',
      pattern: '[0-9A-Za-z.+_-]+',
      why: 'Shows which versions of the backend have to be supported, where it is another one than PostgreSQL.',
      example: '3.45.1',
    },
    'ferretdb.postgresql.version': {
      ...attribute,
      type: 'string',
      pattern: '[ -~]+',
      maxLength: 256,
      why: 'Shows which versions of PostgreSQL have to be supported, as the server itself describes them.',
      example:
        'PostgreSQL 16.8 (Debian 16.8-1.pgdg120+1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit',
    },
    'ferretdb.documentdb.version': {
      ...attribute,
      type: 'string',
      pattern: '[ -~]+',
      maxLength: 128,
      why: 'Shows which versions of the DocumentDB extension are used, and so with which of them errors must be looked for.',
      example: '0.102.0 gitref: HEAD sha:f7c318c buildId:0',
    },
    'process.uptime': {
      ...common,
      kind: 'gauge',
      unit: 's',
      why: 'Shows how long the product runs without a restart: the counts of commands begin with it.',
      example: 86_400.099_948_209,
    },
    'ferretdb.commands': {
      ...common,
      kind: 'count',
      temporality: 'cumulative',
      unit: '{command}',
      by: [
        { opcode: ['OP_MSG'], command: COMMANDS, argument: ['unknown'], result: RESULTS },
        { opcode: ['OP_MSG'], command: ['aggregate'], argument: STAGES, result: BLAMED_RESULTS },
        {
          opcode: ['OP_MSG'],
          command: ['update', 'findAndModify'],
          argument: UPDATE_OPERATORS,
          result: BLAMED_RESULTS,
        },
        {
          opcode: ['OP_MSG'],
          command: ['find'],
          argument: QUERY_OPERATORS,
          result: ['NotImplemented', 'BadValue', 'other'],
        },
        { opcode: ['OP_MSG'], command: COMMANDS, argument: ['other'], result: ['NotImplemented', 'other'] },
        {
          opcode: ['OP_QUERY'],
          command: ['hello', 'isMaster', 'ismaster', 'saslStart', 'other'],
          argument: ['unknown'],
          result: ['ok', 'UnsupportedOpQueryCommand', 'other'],
        },
        { opcode: ['OP_REPLY'], command: ['unknown'], argument: ['unknown'], result: ['ok', 'other'] },
        { opcode: ['other'], command: ['other'], argument: ['other'], result: ['other'] },
      ],
      why: 'Shows which commands are used and which of them fail on what, and so what has to be built next. Neither names nor values of fields, nor messages.',
      example: 1_440,
    },
    'ferretdb.commands.duration': {
      ...common,
      kind: 'count',
      unit: '{command}',
      by: {
        command: ['find', 'insert', 'update', 'delete', 'aggregate', 'other'],
        le: ['0.001', '0.01', '0.1', '1', '10', 'inf'],
      },
      buckets: 'le',
      why: 'Shows how many commands take how long, in seconds: an average hides the slow ones.',
      example: 20,
    },
    'ferretdb.commands.time': {
      ...common,
      kind: 'count',
      temporality: 'cumulative',
      unit: 's',
      by: { command: COMMANDS },
      why: 'Shows for how long commands run: beside their number, how long one takes on average.',
      example: 12.5,
    },
  },
})
