/** Texts of the page in German. */
import type { Format } from '../format.ts'
import type { Messages } from './en.ts'

export const german = (format: Format): Messages => {
  const many = (count: number, one: string, other: string) =>
    `${format.number(count)} ${format.plural(count) === 'one' ? one : other}`
  return {
    heading: 'Nutzungsdaten',
    loading: 'Das Produkt wird gefragt …',

    sends: (title, host) => `${title} sendet Nutzungsberichte an ${host}.`,
    sendsNothing: (title) => `${title} sendet keine Nutzungsberichte.`,
    undecided: (title) => `Noch hat niemand entschieden, ob ${title} Nutzungsberichte sendet.`,
    nextIn: (time) => `Der nächste Bericht geht in ${time} hinaus.`,
    nextLogged: (time) => `Der nächste Bericht kommt in ${time} nur ins lokale Protokoll.`,
    firstIn: (time) => `Wenn niemand entscheidet, geht der erste Bericht in ${time} hinaus.`,
    sendsNothingYet: 'Bis jemand entscheidet, wird nichts gesendet.',
    now: 'einem Augenblick',
    waiting: (count) =>
      `${many(count, 'Bericht wartet', 'Berichte warten')}, bis der Empfänger erreichbar ist.`,
    why: 'Warum dieser Zustand?',
    because: {
      choice: (by, day) => `Weil ${by} es am ${day} so gewählt hat.`,
      setting: (because) => `Weil ${because} gesetzt ist.`,
      configuration: (because) => `Weil die Konfiguration des Produkts es sagt: ${because}.`,
      installed: (because) => `Weil das Produkt so installiert wurde: ${because}.`,
      automation: (because) => `Weil dies nach einem automatischen Lauf aussieht: ${because}.`,
      development: (because) => `Weil das Produkt in der Entwicklung läuft: ${because}.`,
      state: (because) => `Weil nicht lesbar ist, was gewählt wurde: ${because}.`,
      default: 'So wird das Produkt ausgeliefert, und niemand hat anders entschieden.',
    },
    locked: (because) =>
      `Hier lässt es sich nicht ändern, weil ${because} außerhalb des Produkts gesetzt ist. Entfernen Sie das und starten Sie das Produkt neu, um hier zu wählen.`,

    switch: 'Was gesendet wird',
    off: 'Aus',
    on: 'An',
    level: (name) => name.charAt(0).toUpperCase() + name.slice(1),
    choose: {
      off: 'Es wird nichts gesendet. Wartende Berichte, die Zählungen und die Kennung der Installation werden gelöscht; das lokale Protokoll bleibt.',
      on: (host, facts) =>
        `Einmal am Tag geht ein Bericht mit ${many(facts, 'Angabe', 'Angaben')} an ${host}. Jetzt sähe er so aus:`,
      adds: (facts) => `Gegenüber der Stufe davor kommen hinzu: ${facts}.`,
      save: (name) => `„${name}“ wählen`,
      cancel: 'Abbrechen',
      saved: (name) => `„${name}“ ist gespeichert.`,
    },
    readOnly: 'Sie dürfen alles sehen, aber nicht entscheiden.',

    newFacts: (count) => `${many(count, 'neue Angabe wartet', 'neue Angaben warten')} auf Ihre Zustimmung:`,
    accept: 'Zustimmen',
    accepted: 'Den neuen Angaben ist zugestimmt.',

    nextReport: (sent) =>
      sent
        ? 'Der nächste Bericht, wie er gesendet wird'
        : 'Der nächste Bericht, nur für das lokale Protokoll',
    factsAndSize: (facts, size) => `${many(facts, 'Angabe', 'Angaben')}, ${size}`,
    bytes: 'Bytes',
    table: 'Tabelle',
    fact: 'Angabe',
    reason: 'Warum danach gefragt wird',
    course: 'Bisher',
    value: 'Wert',
    noReport: 'Jetzt gibt es keinen Bericht:',
    never: 'Nie in einem Bericht, auf keiner Stufe:',

    reports: 'Berichte',
    lastReports: (count) => `die letzten ${format.number(count)}`,
    noReports: 'Im Protokoll steht noch kein Bericht.',
    outcomes: {
      sent: 'gesendet',
      queued: 'wartet auf das Senden',
      suppressed: 'nicht gesendet',
      refused: 'vom Empfänger abgelehnt',
      discarded: 'verworfen',
      'too-large': 'zu groß, nicht gesendet',
      exported: 'in eine Datei exportiert',
    },
    open: 'Öffnen',
    openReport: (moment) => `Bericht öffnen: ${moment}`,
    older: 'Ältere Berichte',
    summary: (counts) => format.list(counts),
    report: (moment) => `Bericht: ${moment}`,
    download: 'Seine Bytes herunterladen',
    changed: 'Was sich seit dem Bericht davor geändert hat',
    unchanged: 'Seit dem Bericht davor hat sich nichts geändert.',
    before: 'Vorher',
    after: 'Nachher',
    absent: 'fehlt',
    notKept: 'Das Protokoll bewahrt seine Bytes nicht mehr auf.',
    close: 'Schließen',
    makeNow: 'Jetzt einen Bericht erstellen',
    made: (outcome) => `Ein Bericht wurde erstellt: ${outcome}.`,

    allFacts: 'Alle Angaben, die diese Version berichten kann',
    states: {
      reported: 'im Bericht',
      newer: 'wartet auf Zustimmung',
      aboveLevel: 'über der Stufe',
      excluded: 'ausgeschlossen',
      expired: 'nicht mehr erhoben',
    },
    since: (version) => `seit Version ${version} der Liste`,
    owner: (owner) => `erfragt von ${owner}`,
    expires: (when) => `bis ${when}`,
    review: 'Prüfung',

    version: 'Version',
    runs: (version) => `Bei Ihnen läuft ${version}.`,
    conditions: {
      current: (version) => `Bei Ihnen läuft ${version}, die neueste Version.`,
      unknown: (version) => `Bei Ihnen läuft ${version}.`,
      outdated: (version) => `Bei Ihnen läuft ${version}, und es gibt eine neuere Version.`,
      'end-of-life': (version) => `Bei Ihnen läuft ${version}, die nicht mehr gepflegt wird.`,
      vulnerable: (version) => `Bei Ihnen läuft ${version}, die bekannte Lücken hat.`,
    },
    endOfLife: (day) => `Ende der Pflege: ${day}.`,
    newest: (version) => `Die neueste Version ist ${version}.`,
    inLine: (version) => `Die neueste ihrer Reihe ist ${version}.`,
    read: 'Lesen',
    fixedIn: (version) => `Behoben in ${version}.`,
    severities: { low: 'niedrig', medium: 'mittel', high: 'hoch', critical: 'kritisch' },
    acknowledged: (by, day) => `Von ${by} zur Kenntnis genommen, bis ${day}.`,
    acknowledge: 'Zur Kenntnis nehmen …',
    changeDay: 'Tag ändern …',
    acknowledgeTitle: (id) => `${id} zur Kenntnis nehmen`,
    acknowledgeWhy:
      'Der Hinweis bleibt mit Ihrem Namen auf dieser Seite, und das Produkt warnt bis zu diesem Tag nicht mehr davor: für eine Lücke, die Sie anders geschlossen haben.',
    until: 'Bis',
    acknowledgeNow: 'Zur Kenntnis nehmen',
    isAcknowledged: (id, day) => `${id} ist bis ${day} zur Kenntnis genommen.`,
    checksOn: 'Das Produkt sieht nach neuen Versionen.',
    checksOff: (because, isYetToCome) =>
      `Das Produkt sieht ${isYetToCome ? 'noch ' : ''}nicht nach neuen Versionen: ${because}.`,
    lastCheck: (moment) => `Zuletzt: ${moment}.`,

    rights: 'Ihre Rechte',
    exportAll: 'Für ein geschlossenes Netz exportieren …',
    exportWhy:
      'Legt die wartenden Berichte und den nächsten in eine Datei, für einen Rechner, der den Empfänger nicht erreicht. Wer sie hinbringt, sendet sie mit diesem Befehl:',
    exportNow: 'Datei erstellen',
    exported: (name) => `${name} ist gespeichert. So wird sie gesendet:`,
    forget: 'Löschen lassen …',
    forgetWhy: (host) =>
      `Löscht hier die Kennung der Installation, die Zählungen, die wartenden Berichte und das lokale Protokoll, und bittet ${host}, das dortige zu löschen. Die Einwilligung bleibt, wie sie ist; ein späterer Bericht hat eine neue Kennung.`,
    forgetNow: 'Löschen',
    forgotten: (reason) => `Hier gelöscht. ${reason}`,
    learnMore: 'Die Seite des Produkts über seine Nutzungsdaten',
    receiver: (operator, seenBy) =>
      `Den Empfänger betreibt ${operator.replace(/\.$/, '')}. Die Berichte sehen: ${seenBy}.`,
    kept: (retention) => `Aufbewahrt werden sie: ${retention}.`,

    diagnostics: 'Diagnose',
    source: 'Quelle',
    says: 'Sagt',
    decides: 'entscheidet',
    consentStates: { enabled: 'ja', disabled: 'nein', undecided: 'nichts' },
    files: 'Ablage',
    log: 'Lokales Protokoll',
    installation: 'Kennung der Installation',
    noInstallation: 'keine',
    problems: 'Probleme',
    droppedValues: 'Werte, die der Code des Produkts falsch angeboten hat',
    copy: 'Für den Support kopieren',
    copyWithId: 'mit der Kennung der Installation',
    copied: 'Kopiert.',
    choices: 'Bisherige Entscheidungen',
    choice: (state, level, by) =>
      `${by}: ${{ enabled: 'an', disabled: 'aus', undecided: 'unentschieden' }[state] ?? state}${level === undefined ? '' : `, ${level}`}`,

    signedOut:
      'Sie sind beim Produkt abgemeldet. Melden Sie sich dort an und lesen Sie dann erneut. Was Sie sehen, ist von vorher.',
    unreachable: (time) => `Das Produkt antwortet nicht. Was Sie sehen, ist von: ${time}.`,
    neverAnswered: 'Das Produkt antwortet nicht.',
    failed: (detail) => `Das Produkt konnte das nicht tun: ${detail}`,
    changedMeanwhile: (detail) =>
      `Die Einwilligung hat sich inzwischen geändert, darum wurde Ihre Wahl nicht gespeichert. ${detail}`,
    readAgain: 'Erneut lesen',

    promptHeading: (title) => `Helfen Sie, ${title} zu verbessern?`,
    promptBody: (host) =>
      `Einmal am Tag kann ein kleiner Bericht an ${host} gehen: welche Funktionen benutzt werden, nie was darin steht. Sie sehen jeden Bericht, bevor er hinausgeht, und können es hier jederzeit beenden.`,
    promptLook: 'Ansehen, was gesendet würde',
    promptYes: 'Berichte senden',
    promptNo: 'Nicht senden',
    promptLater: 'Später entscheiden',
    promptThanks: 'Gespeichert. Sie finden es unter „Nutzungsdaten“ wieder.',
  }
}
