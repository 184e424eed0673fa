/** Texts of the page in English. Other languages have the same names: the compiler holds it. */
import type { Format } from '../format.ts'

export const english = (format: Format) => {
  const many = (count: number, one: string, other: string) =>
    `${format.number(count)} ${format.plural(count) === 'one' ? one : other}`
  return {
    heading: 'Usage telemetry',
    loading: 'Asking the product…',

    // The state in a sentence.
    sends: (title: string, host: string) => `${title} sends usage reports to ${host}.`,
    sendsNothing: (title: string) => `${title} sends no usage reports.`,
    undecided: (title: string) => `Nobody has decided yet whether ${title} sends usage reports.`,
    nextIn: (time: string) => `The next report goes out in ${time}.`,
    nextLogged: (time: string) => `The next report is written to the local log only, in ${time}.`,
    firstIn: (time: string) => `Unless somebody decides, the first report goes out in ${time}.`,
    sendsNothingYet: 'Nothing is sent until somebody decides.',
    now: 'a moment',
    waiting: (count: number) =>
      `${many(count, 'report waits', 'reports wait')} until the receiver can be reached.`,
    why: 'Why this state?',
    because: {
      choice: (by: string, day: string) => `Because ${by} chose so on ${day}.`,
      setting: (because: string) => `Because ${because} is set.`,
      configuration: (because: string) => `Because the configuration of the product says so: ${because}.`,
      installed: (because: string) => `Because the product was installed like that: ${because}.`,
      automation: (because: string) => `Because this looks like an automated run: ${because}.`,
      development: (because: string) => `Because the product runs in development: ${because}.`,
      state: (because: string) => `Because what was chosen cannot be read: ${because}.`,
      default: 'This is how the product comes, and nobody has decided otherwise.',
    },
    locked: (because: string) =>
      `It cannot be changed here, because ${because} is set outside of the product. Remove that and restart the product to choose here.`,

    // The switch.
    switch: 'What is sent',
    off: 'Off',
    on: 'On',
    level: (name: string) => name.charAt(0).toUpperCase() + name.slice(1),
    choose: {
      off: 'Nothing will be sent. Reports that wait, the counts and the installation id are deleted; the local log stays.',
      on: (host: string, facts: number) =>
        `Once a day a report of ${many(facts, 'fact', 'facts')} will be sent to ${host}. This is what it would be now:`,
      adds: (facts: string) => `Beyond the level before it, it has ${facts}.`,
      save: (name: string) => `Choose “${name}”`,
      cancel: 'Cancel',
      saved: (name: string) => `“${name}” is stored.`,
    },
    readOnly: 'You may see all of this, but not decide.',

    // New facts.
    newFacts: (count: number) => `${many(count, 'new fact waits', 'new facts wait')} until you accept:`,
    accept: 'Accept',
    accepted: 'The new facts are accepted.',

    // The next report.
    nextReport: (sent: boolean): string =>
      sent ? 'The next report, as it will be sent' : 'The next report, for the local log only',
    factsAndSize: (facts: number, size: string) => `${many(facts, 'fact', 'facts')}, ${size}`,
    bytes: 'Bytes',
    table: 'Table',
    fact: 'Fact',
    reason: 'Why it is asked',
    course: 'So far',
    value: 'Value',
    noReport: 'There is no report now:',
    never: 'Never in a report, at any level:',

    // Reports.
    reports: 'Reports',
    lastReports: (count: number) => `the last ${format.number(count)}`,
    noReports: 'There is no report in the log yet.',
    outcomes: {
      sent: 'sent',
      queued: 'waits to be sent',
      suppressed: 'not sent',
      refused: 'refused by the receiver',
      discarded: 'discarded',
      'too-large': 'too large, not sent',
      exported: 'exported to a file',
    } as Readonly<Record<string, string>>,
    open: 'Open',
    openReport: (moment: string) => `Open the report of ${moment}`,
    older: 'Older reports',
    summary: (counts: readonly string[]) => format.list(counts),
    report: (moment: string) => `Report: ${moment}`,
    download: 'Download its bytes',
    changed: 'What changed since the report before',
    unchanged: 'Nothing changed since the report before.',
    before: 'Before',
    after: 'After',
    absent: 'absent',
    notKept: 'The log does not keep its bytes any more.',
    close: 'Close',
    makeNow: 'Make a report now',
    made: (outcome: string) => `A report was made: ${outcome}.`,

    // Facts.
    allFacts: 'All facts that this version can report',
    states: {
      reported: 'reported',
      newer: 'waits to be accepted',
      aboveLevel: 'above the level',
      excluded: 'excluded',
      expired: 'no longer collected',
    } as Readonly<Record<string, string>>,
    since: (version: number) => `since version ${version} of the list`,
    owner: (owner: string) => `asked by ${owner}`,
    expires: (when: string) => `until ${when}`,
    review: 'review',

    // Version.
    version: 'Version',
    runs: (version: string) => `You run ${version}.`,
    conditions: {
      current: (version: string) => `You run ${version}, which is up to date.`,
      unknown: (version: string) => `You run ${version}.`,
      outdated: (version: string) => `You run ${version}, and there is a newer version.`,
      'end-of-life': (version: string) => `You run ${version}, which is not maintained any more.`,
      vulnerable: (version: string) => `You run ${version}, which has known flaws.`,
    } as Readonly<Record<string, (version: string) => string>>,
    endOfLife: (day: string) => `End of maintenance: ${day}.`,
    newest: (version: string) => `The newest version is ${version}.`,
    inLine: (version: string) => `The newest of its line is ${version}.`,
    read: 'Read',
    fixedIn: (version: string) => `Fixed in ${version}.`,
    severities: { low: 'low', medium: 'medium', high: 'high', critical: 'critical' } as Readonly<
      Record<string, string>
    >,
    acknowledged: (by: string, day: string) => `Acknowledged by ${by} until ${day}.`,
    acknowledge: 'Acknowledge…',
    changeDay: 'Change the day…',
    acknowledgeTitle: (id: string) => `Acknowledge ${id}`,
    acknowledgeWhy:
      'The advisory stays on this page, with your name, and the product stops warning of it until that day: for a flaw that you have dealt with in another way.',
    until: 'Until',
    acknowledgeNow: 'Acknowledge',
    isAcknowledged: (id: string, day: string) => `${id} is acknowledged until ${day}.`,
    checksOn: 'The product looks for new versions.',
    checksOff: (because: string, isYetToCome: boolean) =>
      `The product does not look for new versions${isYetToCome ? ' yet' : ''}: ${because}.`,
    lastCheck: (moment: string) => `Last time: ${moment}.`,

    // Rights.
    rights: 'Your rights',
    exportAll: 'Export for a closed network…',
    exportWhy:
      'Takes what waits and the next report into one file, for a machine that cannot reach the receiver. Whoever carries it there sends it with this command:',
    exportNow: 'Make the file',
    exported: (name: string) => `${name} is saved. To send it:`,
    forget: 'Have it erased…',
    forgetWhy: (host: string) =>
      `Deletes the installation id, the counts, the reports that wait and the local log here, and asks ${host} to delete what it has. The consent stays as it is; a later report has a new id.`,
    forgetNow: 'Erase',
    forgotten: (reason: string) => `Erased here. ${reason}`,
    learnMore: 'The page of the product about its telemetry',
    receiver: (operator: string, seenBy: string) =>
      `The receiver is run by ${operator.replace(/\.$/, '')}. The reports are seen by ${seenBy}.`,
    kept: (retention: string) => `They are kept for ${retention}.`,

    // Diagnostics.
    diagnostics: 'Diagnostics',
    source: 'Source',
    says: 'Says',
    decides: 'decides',
    consentStates: { enabled: 'yes', disabled: 'no', undecided: 'nothing' } as Readonly<
      Record<string, string>
    >,
    files: 'State',
    log: 'Local log',
    installation: 'Installation id',
    noInstallation: 'none',
    problems: 'Problems',
    droppedValues: 'Values that the product’s own code offered wrongly',
    copy: 'Copy for support',
    copyWithId: 'with the installation id',
    copied: 'Copied.',
    choices: 'Choices so far',
    choice: (state: string, level: string | undefined, by: string) =>
      `${by}: ${{ enabled: 'on', disabled: 'off', undecided: 'undecided' }[state] ?? state}${level === undefined ? '' : `, ${level}`}`,

    // Trouble.
    signedOut:
      'You are signed out of the product. Sign in there, then read again. What you see is from before.',
    unreachable: (time: string) => `The product does not answer. What you see is from ${time}.`,
    neverAnswered: 'The product does not answer.',
    failed: (detail: string) => `The product could not do that: ${detail}`,
    changedMeanwhile: (detail: string) =>
      `The consent has changed meanwhile, so your choice was not stored. ${detail}`,
    readAgain: 'Read again',

    // The prompt.
    promptHeading: (title: string) => `Help ${title} get better?`,
    promptBody: (host: string) =>
      `It can send a small report to ${host} once a day: which features are used, never what is in them. You see each report before it goes, and can stop it here at any time.`,
    promptLook: 'See what would be sent',
    promptYes: 'Send reports',
    promptNo: 'Do not send',
    promptLater: 'Decide later',
    promptThanks: 'Stored. You find it under “Usage telemetry” again.',
  }
}

export type Messages = ReturnType<typeof english>
