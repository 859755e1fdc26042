import type { FailureClass, Pattern } from '../../src/failures/failure-class.ts'
import { type Moved, movedBy } from './alerts-of-code.ts'
import type { AlertSection, RunbookEntry } from './entry.ts'
import type { OtherEntry } from './other.ts'
import { errorOfArea, type Places, placesOf } from './places.ts'

const evidence: Readonly<Record<FailureClass['evidence'], string>> = {
  reproduced: 'reproduced in a test',
  reported: 'reported by users, not reproduced',
  documented: 'from documentation, not seen by us',
  own: 'made by this library',
}

/** Puts links to the sections of alerts. */
export type Linker = (text: string) => string

/** One entry of the catalogue. */
export function failureEntry(row: FailureClass, entry: RunbookEntry, link: Linker): string {
  const places = placesOf(row)
  const facts = [
    `Retriable: ${row.retriable ? 'yes' : 'no'}.`,
    ...(row.refusesToken ? ['The token is not offered again.'] : []),
    `Evidence: ${evidence[row.evidence]}.`,
  ]
  const recognised =
    row.patterns.length > 0 ? [`Recognised by: ${row.patterns.map(recognisedBy).join('; ')}.`] : []
  return section([
    `### \`${row.code}\``,
    `**${sentence(row.title)}** ${facts.join(' ')}`,
    seen(
      { error: errorSeen(row, entry), log: logSeen(row, entry, places), ...places },
      link(alertsOf(movedBy(row))),
    ),
    ...rest(row.hint, { ...entry, promql: entry.promql ?? queryFor(row.code, places) }, link),
    ...recognised,
  ])
}

/** What can be an `error.type` without being in the catalogue. */
export function otherEntry(entry: OtherEntry, where: Omit<Seen, 'error' | 'log'>, link: Linker): string {
  const { code, title, hint, retriable, evidence: known, sees } = entry
  const moved = movedBy({ code, area: 'configuration', retriable: false })
  return section([
    `### ${code.startsWith('_') ? `\`${code}\`` : code}`,
    `**${sentence(title)}** Retriable: ${retriable}. Evidence: ${known}.`,
    seen({ ...where, error: sees.error ?? '', log: sees.line ?? '' }, link(alertsOf(moved))),
    ...rest(hint, entry, link),
  ])
}

interface Seen {
  readonly error: string
  readonly log: string
  readonly spans: string
  readonly metrics: string
}

function seen({ error, log, spans, metrics }: Seen, alerts: string): string {
  const status = spans === 'none' ? '' : ': ERROR, with the sentence above, `error.type` and the cure'
  return [
    '**You see**',
    `- Error: ${error}`,
    `- Log: ${log}`,
    `- Span: ${spans}${status}`,
    `- Metric: ${metrics}`,
    `- Alert: ${alerts}`,
  ].join('\n')
}

function errorSeen({ area, evidence: known }: FailureClass, { sees }: RunbookEntry): string {
  const error = sees.error ?? errorOfArea[area]
  if (sees.texts.length > 0) return `${sees.texts.map(code).join('; ')} (${error})`
  return known === 'own' ? `the sentence above and the cure (${error})` : error
}

function logSeen({ code: name, title }: FailureClass, { sees }: RunbookEntry, { logs }: Places): string {
  if (sees.line !== undefined) return sees.line
  const line = `\`[SaslAuthenticator-OAUTHBEARER] ${title}. … [${name}]\``
  return logs({ line, text: sees.texts[0] ?? title })
}

function alertsOf({ alerts, note }: Moved): string {
  if (alerts.length === 0) return `none: ${note}`
  return `${alerts.join(', then ')}${note === undefined ? '' : `; ${note}`}`
}

function queryFor(name: string, { counter }: Places): string | undefined {
  return counter && `sum by (${counter.by}) (${counter.name}{error_type="${name}"})`
}

function rest(hint: string, { causes, look = [], sh, promql, steps = [] }: Checked, link: Linker): string[] {
  return [
    `**Usual causes**\n${causes.map((cause, index) => `${index + 1}. ${cause}`).join('\n')}`,
    [
      '**Check**',
      ...(look.length > 0 ? [bullets(look)] : []),
      ...(promql === undefined ? [] : [fence('promql', promql)]),
      ...(sh === undefined ? [] : [fence('sh', sh)]),
    ].join('\n'),
    link([`**Cure:** ${hint}`, ...(steps.length > 0 ? [bullets(steps)] : [])].join('\n')),
  ]
}

type Checked = Omit<RunbookEntry, 'promql'> & { readonly promql?: string | undefined }

export function alertSection(alert: AlertSection, link: Linker): string {
  const { name, means, ifNobodyActs, promql, trace, codes, act, falseAlarm } = alert
  const usually = codes.map((code) => `[\`${code}\`](#${anchor(code)})`).join(', ')
  return section([
    `### ${name}`,
    `**${means}**`,
    link(`**If nobody acts:** ${ifNobodyActs}`),
    `**First look**\n${fence('promql', promql)}\n${link(`In Jaeger: ${trace}`)}`,
    ...(codes.length > 0 ? [`**Usually:** ${usually}`] : []),
    ...(act === undefined ? [] : [link(`**Do:** ${act}`)]),
    link(`**A false alarm, if:** ${falseAlarm}`),
  ])
}

/** Links each name of an alert that is not the heading of where it stands. */
export const linkerTo = (alerts: readonly AlertSection[]): Linker => {
  const names = new Set(alerts.map(({ name }) => name))
  return (text) =>
    text.replaceAll(/(?<!\[)\bMskIam[A-Z]\w+/g, (name) =>
      names.has(name) ? `[${name}](#${anchor(name)})` : name,
    )
}

function recognisedBy({ name, code: number, type, message, phase }: Pattern): string {
  const parts = [
    ...(name === undefined ? [] : [`name \`${name}\``]),
    ...(type === undefined ? [] : [`type \`${type}\``]),
    ...(number === undefined ? [] : [`code \`${typeof number === 'string' ? number : number.source}\``]),
    ...(message === undefined ? [] : [`message \`${message.source}\``]),
  ].join(' and ')
  return phase === 'token' ? `${parts} while a token is made` : parts
}

const section = (parts: readonly string[]) => parts.join('\n\n')
const bullets = (items: readonly string[]) => items.map((item) => `- ${item}`).join('\n')
const fence = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\``
const code = (text: string) => `\`${text}\``
export const anchor = (name: string) => name.toLowerCase().replaceAll("'", '').replaceAll(' ', '-')
const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)
