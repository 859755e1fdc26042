/** Telemetry that does not come. */
import type { Event, Scenario } from '../scenario.ts'
import { type Fleet, size, type World } from '../world.ts'

const fleet = (processes: number, more: Partial<Fleet> = {}): Fleet => ({
  service: 'orders',
  processes,
  ...more,
})

export function telemetryScenarios(processes: number): Scenario[] {
  const of = size(processes)
  return [
    {
      name: `every process is killed: it fires, and goes when one is back, ${of}`,
      rule: 'MskIamTelemetryMissing',
      minutes: 90,
      fleets: [fleet(processes), { service: 'other', processes: 1 }],
      events: [
        [30, (world) => world.kill(world.of('orders'))],
        [60, (world) => world.start(fleet(processes))],
      ],
      fires: [
        {
          alert: 'MskIamTelemetryMissing',
          labels: { severity: 'warning' },
          after: 35,
          by: 47,
          through: 59.5,
          resolvedBy: 62,
        },
      ],
    },
    {
      name: `a service was deployed several times and then scaled to zero: silence, ${of}`,
      rule: 'MskIamTelemetryMissing',
      minutes: 120,
      fleets: [fleet(processes)],
      events: [
        [20, (world) => world.deploy(fleet(processes))],
        [30, (world) => world.deploy(fleet(processes))],
        [40, (world) => world.stop(world.of('orders'))],
      ],
    },
    {
      name: `some processes of many are killed: the others speak, silence, ${of}`,
      rule: 'MskIamTelemetryMissing',
      minutes: 90,
      fleets: [fleet(processes + 1)],
      events: [[30, (world) => world.kill(world.of('orders').slice(1))]],
    },
    {
      name: `the collector is gone: it fires within three minutes, ${of}`,
      rule: 'MskIamCollectorDown',
      minutes: 60,
      fleets: [fleet(processes)],
      events: [[30, (world) => world.loseScrapes(12)]],
      fires: [
        {
          alert: 'MskIamCollectorDown',
          labels: { severity: 'critical' },
          service: null,
          after: 30,
          by: 33,
          through: 35.5,
          resolvedBy: 37,
        },
      ],
    },
    ...(['spans', 'metric_points', 'log_records'] as const).flatMap((what) =>
      (['send', 'enqueue'] as const).map((how) => ({
        name: `the collector loses ${what} (${how}), the first time ever: it fires, and goes 20 minutes later, ${of}`,
        rule: 'MskIamTelemetryDropped',
        minutes: 55,
        fleets: [fleet(processes)],
        events: [[20, (world: World) => world.dropTelemetry(100, what, how)]] as Event[],
        fires: [
          {
            alert: 'MskIamTelemetryDropped',
            labels: { exporter: 'otlp_grpc/jaeger', severity: 'warning' },
            service: null,
            after: 20,
            by: 21,
            through: 34,
            resolvedBy: 40,
          },
        ],
      })),
    ),
  ]
}
