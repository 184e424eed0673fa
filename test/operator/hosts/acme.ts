/** `acme`: a product whose command `telemetry` is made in the way that the first argument names. The state is in ACME_DB_TELEMETRY_DIR. */
import { Command } from 'commander'
import yargs from 'yargs'
import { addTelemetryCommand, runTelemetryCommand, telemetryCommandModule } from '../../../src/cli.ts'
import { createAcme } from '../../support/acme.ts'

const [way, ...args] = process.argv.slice(2)
const usage = createAcme({ environment: process.env as Record<string, string>, state: '/nonexistent' })
const io = { name: 'acme telemetry' }

if (way === 'bare') process.exitCode = await runTelemetryCommand(usage, args.slice(1), io)
if (way === 'commander') {
  const program = new Command('acme').option('--verbose')
  program.command('serve').action(() => console.log('serving'))
  addTelemetryCommand(program, usage, io)
  await program.parseAsync(args, { from: 'user' })
}
if (way === 'yargs') {
  await yargs(args)
    .scriptName('acme')
    .option('verbose', { type: 'boolean' })
    .command('serve', 'Serve.', {}, () => console.log('serving'))
    .command(telemetryCommandModule(usage, io))
    .strict()
    .demandCommand()
    .parseAsync()
}
