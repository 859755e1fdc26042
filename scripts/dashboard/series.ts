/** Our metrics and attributes as the collector's prometheus exporter names them (UnderscoreEscapingWithSuffixes). */
import { Attribute, Metric } from '../../src/telemetry/names.ts'

const escaped = (name: string) => name.replaceAll('.', '_')
const counter = (name: string) => `${escaped(name)}_total`
const gauge = escaped
const seconds = (name: string) => `${escaped(name)}_seconds`
const histogram = (name: string) => ({
  bucket: `${seconds(name)}_bucket`,
  count: `${seconds(name)}_count`,
  sum: `${seconds(name)}_sum`,
})

export const series = {
  providers: gauge(Metric.Providers),
  credentialsLife: seconds(Metric.CredentialsRemainingLifetime),
  tokenAge: seconds(Metric.TokenAge),
  tokenLife: seconds(Metric.TokenRemainingLifetime),
  tokenRequests: counter(Metric.TokenRequests),
  refresh: histogram(Metric.RefreshDuration),
  refreshFailures: counter(Metric.RefreshFailures),
  failuresInARow: gauge(Metric.ConsecutiveFailures),
  signerRetries: counter(Metric.SignerRetries),
  authentication: histogram(Metric.AuthenticationDuration),
  authenticationFailures: counter(Metric.AuthenticationFailures),
  operation: histogram(Metric.OperationDuration),
  sentMessages: counter(Metric.SentMessages),
  consumedMessages: counter(Metric.ConsumedMessages),
  handling: histogram(Metric.ProcessDuration),
  messagesBehind: gauge(Metric.MessagesBehind),
  rebalances: counter(Metric.Rebalances),
  commits: counter(Metric.Commits),
  crashes: counter(Metric.Crashes),
  /** Made by the collector's connector `spanmetrics`, which also keeps exemplars. */
  spans: histogram('traces.span.metrics.duration'),
  /** Made by Prometheus, of its rules. */
  alerts: 'ALERTS',
} as const

export const label = {
  /** Made by the collector, of the resource. */
  service: 'service_name',
  instance: 'service_instance_id',
  provider: escaped(Attribute.ProviderName),
  region: escaped(Attribute.CloudRegion),
  code: escaped(Attribute.ErrorType),
  tokenResult: escaped(Attribute.TokenResult),
  operation: escaped(Attribute.MessagingOperationName),
  topic: escaped(Attribute.MessagingDestination),
  group: escaped(Attribute.MessagingConsumerGroup),
  rebalanceReason: escaped(Attribute.RebalanceReason),
  restarts: escaped(Attribute.ConsumerRestarts),
  background: escaped(Attribute.RefreshBackground),
  spanName: 'span_name',
  spanKind: 'span_kind',
  alert: 'alertname',
  alertState: 'alertstate',
} as const
