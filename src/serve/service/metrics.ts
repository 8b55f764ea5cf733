import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Aggregate } from '../../aggregate/index.js'
import { CutoverError } from '../../contract/index.js'
import { urlHost } from '../../support/index.js'
import { versionsOf } from './versions.js'

/** A server of figures for Prometheus. */
export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/** Serves figures as text for Prometheus. @throws CutoverError `CUTOVER_MISSING_PACKAGE`; the error of Node.js if it cannot listen */
export async function serveMetrics(
  aggregate: Aggregate,
  port: number,
  host: string | undefined,
): Promise<MetricsServer> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await promClient()
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const labelNames = ['version']
  const registers = [registry]
  const requests = new Counter({
    name: 'cutover_requests_total',
    help: 'Requests that a version got',
    labelNames,
    registers,
  })
  const failed = new Counter({
    name: 'cutover_requests_failed_total',
    help: 'Requests that were answered with 500 or more, or not at all',
    labelNames,
    registers,
  })
  const restarts = new Counter({
    name: 'cutover_restarts_total',
    help: 'How often all processes of a version were down',
    labelNames,
    registers,
  })
  const inFlight = new Gauge({ name: 'cutover_requests_in_flight', help: 'Requests under way', labelNames, registers })
  const share = new Gauge({ name: 'cutover_share_percent', help: 'Part of the requests', labelNames, registers })
  const processes = new Gauge({ name: 'cutover_processes', help: 'Processes that are up', labelNames, registers })
  const all = [requests, failed, restarts, inFlight, share, processes]

  const server = createServer(async (_, response) => {
    for (const metric of all) metric.reset()
    for (const its of versionsOf(aggregate)) {
      const labels = { version: its.version }
      requests.inc(labels, its.requests)
      failed.inc(labels, its.failed)
      restarts.inc(labels, its.restarts)
      inFlight.set(labels, its.inFlight)
      share.set(labels, its.share)
      processes.set(labels, its.processes?.up ?? 0)
    }
    response.setHeader('content-type', registry.contentType).end(await registry.metrics())
  })
  server.listen(port, host)
  await once(server, 'listening')
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${urlHost(host)}:${bound}/metrics`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function promClient(): Promise<typeof import('prom-client')> {
  try {
    return await import('prom-client')
  } catch (cause) {
    const message = '--metrics needs a package that is not installed: npm install prom-client'
    throw new CutoverError('CUTOVER_MISSING_PACKAGE', message, { cause })
  }
}
