/**
 * Draws the key panels of the Grafana dashboard as PNG files, from any Prometheus:
 *   node scripts/panels/panels.ts [--prometheus http://localhost:9090] [--last 60m | --from TIME --to TIME]
 *     [--service NAME]… [--out docs/images]
 * What is asked, and how it is named, is taken from the dashboard's definition.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboard } from '../dashboard/dashboard.ts'
import { panelsOf } from '../dashboard/queries.ts'
import { chartOf, type Picture } from './chart.ts'
import { pngOf, type Size, svgOf } from './drawing.ts'
import { sideBySide } from './overview.ts'
import { intervalsOf, linesOf, type Question, range, type Span } from './range.ts'
import { timelineOf } from './timeline.ts'

/** In the order of the overview: two in a row. */
const KEY_PANELS = [
  'Token: life left',
  'Refreshes by result',
  'Authentications by outcome',
  'Messages per second, by outcome',
  'Duration of a send',
  'Alerts over time',
]
const ALONE: Size = { width: 830, height: 320 }
const TOGETHER: Size = { width: 520, height: 280 }

const made = dashboard()

function panelTitled(title: string): Panel {
  const panel = panelsOf(made).find((each) => each.title === title)
  if (!panel) throw new Error(`The dashboard has no panel "${title}".`)
  return panel
}

/** When any alert fired: the dashboard's annotation. */
async function firingOf(question: Question): Promise<Picture['firing']> {
  const exprs = (made.annotations.list ?? []).flatMap(({ expr }) => expr ?? [])
  const lines = await Promise.all(exprs.map((expr) => range(expr, '', 15, question)))
  return joined(lines.flat().flatMap((line) => intervalsOf(line, 1)))
}

/** Overlapping ones as one, or the shade would be darker where two alerts fire. */
function joined(intervals: readonly [number, number][]): [number, number][] {
  const result: [number, number][] = []
  for (const [from, to] of [...intervals].sort(([one], [other]) => one - other)) {
    const last = result.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}

const slug = (title: string) => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
const draw = (picture: Picture) =>
  svgOf(picture.panel.type === 'state-timeline' ? timelineOf(picture) : chartOf(picture), picture.size)

export async function drawPanels(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      prometheus: { type: 'string', default: 'http://localhost:9090' },
      last: { type: 'string', default: '60m' },
      from: { type: 'string' },
      to: { type: 'string' },
      service: { type: 'string', multiple: true },
      out: { type: 'string', default: 'docs/images' },
    },
  })
  const question: Question = {
    url: values.prometheus,
    span: spanOf(values),
    choices: { service: values.service },
  }
  const firing = await firingOf(question)
  const pictures = await Promise.all(
    KEY_PANELS.map(panelTitled).map(async (panel) => ({
      panel,
      lines: await linesOf(panel, question),
      span: question.span,
      firing,
    })),
  )
  mkdirSync(values.out, { recursive: true })
  const write = (name: string, svg: string) => {
    const file = join(values.out, `${name}.png`)
    writeFileSync(file, pngOf(svg))
    console.log(file)
  }
  for (const picture of pictures) write(slug(picture.panel.title ?? ''), draw({ ...picture, size: ALONE }))
  write(
    'dashboard',
    sideBySide(
      pictures.map((picture) => draw({ ...picture, size: TOGETHER })),
      TOGETHER,
    ),
  )
}

function spanOf({ last, from, to }: { last: string; from?: string; to?: string }): Span {
  const end = to === undefined ? Date.now() / 1000 : epochOf(to)
  const [, amount, unit = ''] = /^(\d+)([mhd])$/.exec(last) ?? []
  const factor = { m: 60, h: 3600, d: 86_400 }[unit]
  if (factor === undefined) throw new Error(`--last takes 60m, 3h or 1d, not ${last}`)
  return { from: from === undefined ? end - Number(amount) * factor : epochOf(from), to: end }
}

/** Epoch seconds, or a date such as 2026-11-23T14:00:00Z. */
function epochOf(time: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(time) ? Number(time) : Date.parse(time) / 1000
  if (!Number.isFinite(seconds)) throw new Error(`No time: ${time}`)
  return seconds
}

if (import.meta.main) {
  try {
    await drawPanels(process.argv.slice(2))
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
    console.error(`${error instanceof Error ? error.message : error}${cause}`)
    process.exitCode = 1
  }
}
