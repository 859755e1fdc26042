import { DataPointType, type Histogram, type MetricData } from '@opentelemetry/sdk-metrics'
import Table from 'cli-table3'
import { Attribute, Metric } from '../../telemetry/names.ts'
import { milliseconds } from './tree.ts'

/** One series of one metric. */
export interface Series {
  readonly metric: string
  readonly unit: string
  readonly attributes: Readonly<Record<string, unknown>>
  /** A number, or what a histogram holds; durations in seconds. */
  readonly value: number | { readonly count: number; readonly sum: number; readonly max: number | undefined }
}

export function seriesOf(metrics: readonly MetricData[]): Series[] {
  return metrics.flatMap(({ descriptor: { name, unit }, dataPointType, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => {
      if (dataPointType !== DataPointType.HISTOGRAM)
        return { metric: name, unit, attributes, value: value as number }
      const { count, sum = 0, max } = value as Histogram
      return { metric: name, unit, attributes, value: { count, sum, max } }
    }),
  )
}

/** Besides provider and topic, what tells the series of one metric apart; the others follow from these. */
const TELLING = [Attribute.TokenResult, Attribute.RefreshTrigger, Attribute.ErrorType]

/** A table of every series that is not 0; that no failure is left is worth saying. */
export function metricsTable(series: readonly Series[]): string {
  const table = new Table({
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: ['left', 'left', 'right'],
  })
  let last: string | undefined
  for (const { metric, unit, attributes, value } of series) {
    if (value === 0 && metric !== Metric.ConsecutiveFailures) continue
    if (metric !== last) table.push([{ colSpan: 3, content: metric }])
    last = metric
    const provider = attributes[Attribute.ProviderName] ?? attributes[Attribute.MessagingDestination]
    const told = TELLING.flatMap((name) => (attributes[name] === undefined ? [] : [String(attributes[name])]))
    table.push([`  ${provider}`, told.join(' '), shown(value, unit)])
  }
  return table.toString().replace(/ +$/gm, '')
}

function shown(value: Series['value'], unit: string): string {
  if (typeof value !== 'number') return `${value.count} × ${milliseconds((value.sum / value.count) * 1000)}`
  return unit === 's' ? `${value.toFixed(1)} s` : String(value)
}
