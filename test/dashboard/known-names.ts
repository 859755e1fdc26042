/** What there is in Prometheus: the catalogue's metrics and attributes, and what the collector and the rules add. */
import { recorded } from '../support/rules.ts'
import { labels, series } from '../support/series.ts'

const spans = 'traces_span_metrics_duration_seconds'

export const knownMetrics = [
  ...series(),
  ...['_bucket', '_count', '_sum'].map((part) => `${spans}${part}`),
  ...recorded,
  'ALERTS',
  'up',
]

export const knownLabels = [
  ...labels,
  ...['service_name', 'service_instance_id', 'le', 'alertname', 'alertstate', 'span_name', 'span_kind'],
]
