import { Command } from 'commander'
import { choose } from './choose.ts'
import { completion } from './completion.ts'
import type { Answer, Context } from './context.ts'
import { explain } from './explain.ts'
import { exportReports } from './export.ts'
import { facts, history } from './facts.ts'
import { forget } from './forget.ts'
import { log } from './log.ts'
import { preview } from './preview.ts'
import { diff, report, show } from './report.ts'
import { status } from './status.ts'

/** Receives the result of a command. */
export interface Results {
  answer(answer: Answer): void
  /** Ends a command that has written its output itself. */
  end(exitCode: number): void
}

const EXIT_CODES = `
Exit codes:
  0  Done.
  1  Not done; the message says why.
  2  Called wrongly.
  3  A variable, a flag or the configuration comes before the choice.
  4  The choice or the erasure could not be stored.
  5  There is no such report.`

/** Creates the commands. Each writes one document with `--json`, and lines for people otherwise. */
export function createProgram(context: Context, { answer, end }: Results): Command {
  const { name, stdout, stderr, terminal, usage, isJson } = context
  const program = new Command(name)
    .description('See and decide what this product reports about its usage.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('afterAll', EXIT_CODES)
    .showHelpAfterError(`See: ${name} --help`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => {
        if (!isJson) stderr.write(text)
      },
      getOutHelpWidth: () => terminal.width,
      getErrHelpWidth: () => terminal.width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(asSentence(text)),
    })
  const isOffered = (signature: string) => context.offered?.has(signature.split(' ')[0] as string) ?? true
  const add = (signature: string, description: string) =>
    // One that is not offered is added to a program that nobody runs.
    (isOffered(signature) ? program : new Command())

      .command(signature)
      .description(description)
      .option('--json', 'Print one JSON document and nothing else.')
  const levels = usage.catalog().levels.join(', ')

  add('status', 'Show whether reports are sent, why, what is due and what waits.').action(async () =>
    answer(await status(context)),
  )
  add('explain [NAME=value...]', 'Show what other variables or another flag would decide.')
    .option('--flag <value>', "A value of the product's own flag.")
    .option('--unset <name...>', 'Variables that would not be set.')
    .action(async (assignments: string[], options) => answer(await explain(context, assignments, options)))
  add('on', 'Send reports.').action(async () => answer(await choose(context, 'enabled')))
  add('off', 'Send nothing, and delete the installation id and what waits.').action(async () =>
    answer(await choose(context, 'disabled')),
  )
  add('reset', 'Take the choice back: nobody has decided.').action(async () =>
    answer(await choose(context, 'undecided')),
  )
  add('level <level>', `Send reports with the facts of a level and those below it: ${levels}.`).action(
    async (level: string) => answer(await choose(context, level)),
  )
  add('preview', 'Show the next report. Changes nothing.')
    .option('--level <level>', `Show it under another level: off, ${levels}.`)
    .option('--all', 'Show all levels side by side.')
    .option('--bytes', 'Print its bytes as they would be sent, before compression.')
    .action(async (options) => answer(await preview(context, options)))
  add('log', 'Show what became of the reports, the newest at the end.')
    .option('-f, --follow', 'Go on with what comes. With --json, each entry is a line.')
    .option('-n, --lines <count>', 'How many of the newest entries; `all` for up to 10,000. Default: 20.')
    .option('--since <time>', 'Only those since a time (2026-11-27) or for a span (90m, 2h, 7d).')
    .option('--outcome <outcome>', 'Only those with this outcome, such as sent.')
    .action(async (options) => end(await log(context, options)))
  add('show <report-id>', 'Show a report of the log. The first digits of its id are enough.')
    .option('--bytes', 'Print its bytes as they were sent, before compression.')
    .action(async (id: string, options) => answer(await show(context, id, options)))
  add(
    'diff [from-id] [to-id]',
    'Show what differs between two reports. Default: the last one and the next one.',
  ).action(async (from: string | undefined, to: string | undefined) => answer(await diff(context, from, to)))
  add('report', 'Make a report now, and send it if consent permits.').action(async () =>
    answer(await report(context)),
  )
  add('export', 'Put a report of now and those that wait into a file, for a network without a way out.')
    .option('--out <file>', 'Where to write it. Default: a new file in this folder.')
    .action(async (options) => answer(await exportReports(context, options)))
  add('forget', 'Erase this installation, here and at the receiver.')
    .option('--yes', 'Do not ask.')
    .action(async (options) => answer(await forget(context, options)))
  add('facts', 'Show every fact that this product may report, and why.').action(async () =>
    answer(await facts(context)),
  )
  add('history', 'Show who has decided what, and when.').action(async () => answer(await history(context)))
  if (isOffered('completion'))
    program
      .command('completion <shell>')
      .description('Print the completion of these commands for bash, zsh or fish.')
      .action((shell: string) => {
        stdout.write(completion(shell, name, program))
      })
  return program
}

/** Returns a message of commander, such as `error: unknown option '--x'`, as sentences. */
export const asSentence = (text: string) =>
  text
    .replace(/^error: (.)/, (_, first: string) => first.toUpperCase())
    .replace(/(?<![.?])\n\((Did you mean .+\?)\)$/m, '. $1')
    .replace(/(?<![.?])\n$/, '.\n')
