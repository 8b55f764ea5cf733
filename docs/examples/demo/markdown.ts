import { createHash } from 'node:crypto'
import type { Inspect, Runtime } from 'cutover'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'

export interface RenderRequest {
  readonly id: number
  readonly path: string
}

export interface Rendered {
  readonly version: string
  /** The SHA-1 of the HTML. */
  readonly digest: string
}

/** How often each request was executed, by id, over all versions. */
export type Executions = Map<number, number>

/** The hosts that the versions can run in. */
export const HOSTS = {
  'in-process': inProcess,
  worker: workerThread,
  process: childProcess,
} as const satisfies Record<string, (options: { inspect: Inspect | undefined }) => Provisioner>

export type HostName = keyof typeof HOSTS

/** Provisions a runtime that renders with this version of marked. */
export type Provision = (version: string) => Runtime<RenderRequest, Rendered>

/** Every version and every host uses the same module file. */
export function renderersOn(host: HostName, executions: Executions, inspect?: Inspect): Provision {
  const provisioner = HOSTS[host]({ inspect })
  const module = new URL('./renderer.js', import.meta.url)
  return version => {
    const onHostRequest = (request: unknown) => {
      const { executed } = request as { readonly executed: number }
      executions.set(executed, (executions.get(executed) ?? 0) + 1)
    }
    return provisioner.provision<RenderRequest, Rendered>({ id: 'markdown', version, module, onHostRequest })
  }
}

export function digestOf(html: string): string {
  return createHash('sha1').update(html).digest('hex')
}
