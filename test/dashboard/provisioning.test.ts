import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { dashboard } from '../../scripts/dashboard/dashboard.ts'
import { JAEGER_UID, PROMETHEUS_UID } from '../../scripts/dashboard/variables.ts'

const made = dashboard()

describe('provisioning', () => {
  const read = (file: string) =>
    readFileSync(new URL(`../../stack/grafana/provisioning/${file}`, import.meta.url), 'utf8')

  test('has the data sources that the dashboard means', () => {
    const { datasources } = parse(read('datasources/datasources.yaml')) as { datasources: { uid: string }[] }
    expect(datasources.map(({ uid }) => uid)).toEqual([PROMETHEUS_UID, JAEGER_UID])
    const current = (made.templating.list ?? []).find(({ name }) => name === 'datasource')?.current
    expect(current?.value).toBe(PROMETHEUS_UID)
  })

  test('exemplars lead to Jaeger, with the dollar sign that provisioning would take for a variable doubled', () => {
    const [prometheus] = (parse(read('datasources/datasources.yaml')) as { datasources: unknown[] })
      .datasources
    expect(prometheus).toMatchObject({
      jsonData: {
        exemplarTraceIdDestinations: [
          {
            name: 'trace_id',
            datasourceUid: JAEGER_UID,
            url: `http://localhost:16686/trace/$$\{__value.raw}`,
          },
        ],
      },
    })
  })

  const compose = parse(readFileSync(new URL('../../docker-compose.otel.yml', import.meta.url), 'utf8'), {
    merge: true,
  }) as { services: { grafana: Record<string, unknown> & { environment: Record<string, string> } } }
  const { grafana } = compose.services

  test('loads the folder that compose mounts the dashboard into', () => {
    const { providers } = parse(read('dashboards/dashboards.yaml')) as {
      providers: { options: { path: string } }[]
    }
    expect(grafana['volumes']).toContain(`./stack/grafana/dashboards:${providers[0]?.options.path}:ro`)
  })

  test('Grafana starts only when asked for, answers this machine alone, and has no administrator', () => {
    expect(grafana).toMatchObject({
      profiles: ['grafana'],
      ports: ['127.0.0.1:3000:3000'],
      read_only: true,
      cap_drop: ['ALL'],
    })
    expect(grafana.environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
      GF_AUTH_BASIC_ENABLED: 'false',
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
    })
  })
})
