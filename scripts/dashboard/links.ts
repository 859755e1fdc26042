import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { RUNBOOK } from '../../src/failures/runbook.ts'
import { label } from './series.ts'

const link = (title: string, url: string): DashboardLinkBuilder =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(true)

/** The same row's value of another column. */
const cell = (column: string) => `\${__data.fields.${column}:percentencode}`
/** Jaeger counts microseconds. */
const TIME_SHOWN = `start=\${__from}000&end=\${__to}000&lookback=custom`

/** `tags={"error.type":"…"}`: the traces of that service in which a span failed with that code. */
export const tracesOfRow = link(
  'Traces in Jaeger',
  `\${jaeger:raw}/search?service=${cell(label.service)}&tags=%7B%22error.type%22%3A%22${cell(label.code)}%22%7D&${TIME_SHOWN}`,
)

export const runbookOfCode = link('Runbook', `${RUNBOOK}#${cell(label.code)}`)

/** Of a line that is one code, whichever the service. */
export const runbookOfLine = link('Runbook', `${RUNBOOK}#\${__field.labels.${label.code}}`)

export const dashboardOfRow: DashboardLinkBuilder = new DashboardLinkBuilder('This service alone')
  .type(DashboardLinkType.Link)
  .url(`/d/kafka-iam-otel?var-service=${cell(label.service)}&\${__url_time_range}`)

/** Cells hold the alert's name as the runbook's anchors have it: see `runbookAnchors`. */
export const runbookOfAlert = link('Runbook', `${RUNBOOK}#\${__value.text}`)

/** For an override of a single column, which takes built links. */
export const built = (...links: DashboardLinkBuilder[]): DashboardLink[] => links.map((each) => each.build())
