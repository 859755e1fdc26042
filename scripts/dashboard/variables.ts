import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { label, series } from './series.ts'

/** As stack/grafana/provisioning has them. */
export const PROMETHEUS_UID = 'kafka-iam-otel-prometheus'
export const JAEGER_UID = 'kafka-iam-otel-jaeger'

export const datasource = { type: 'prometheus', uid: '$datasource' }

/** `.*` and not a list of all values: a thousand instances would not fit into a query, and a series may lack the label. */
const EVERYTHING = '.*'

function choice(name: string, title: string, description: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(title)
    .description(description)
    .datasource(datasource)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(EVERYTHING)
    .current({ selected: true, text: ['All'], value: ['$__all'] })
}

/** What tells of a process: it has a provider, or it sends or handles with clients that are instrumented. */
const tellers = [series.providers, series.operation.count, series.handling.count].join('|')
const ofService = `{${label.service}=~"$service"}`

export const variables = [
  new DatasourceVariableBuilder('datasource')
    .label('Prometheus')
    .type('prometheus')
    .current({ selected: true, text: 'Prometheus', value: PROMETHEUS_UID }),
  choice(
    'service',
    'Service',
    'service.name of the resource',
    `label_values({__name__=~"${tellers}"}, ${label.service})`,
  ),
  choice(
    'provider',
    'Provider',
    'The option `name`. Sends, consumers and spans do not know their provider: this does not filter them.',
    `label_values(${series.providers}${ofService}, ${label.provider})`,
  ),
  choice(
    'instance',
    'Instance',
    'service.instance.id of the resource: one process',
    `label_values({__name__=~"${tellers}", ${label.service}=~"$service"}, ${label.instance})`,
  ),
  new TextBoxVariableBuilder('jaeger')
    .label('Jaeger')
    .description('Where the browser finds Jaeger, for links from failures to traces')
    .defaultValue('http://localhost:16686')
    .current({ selected: true, text: 'http://localhost:16686', value: 'http://localhost:16686' }),
]
