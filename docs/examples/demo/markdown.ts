import { createHash } from 'node:crypto'
import type { Inspect, Runtime } from 'cutover'
import { childProcess, inProcess, type Provisioner, pool, workerThread } from 'cutover/hosts'

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

const WHERE: Readonly<Record<HostName, string>> = {
  'in-process': 'in this process',
  worker: 'in worker threads',
  process: 'in child processes',
}

/** Says where the versions run, and in how many instances each. */
export function whereOf({ host, instances }: Pick<Renderers, 'host' | 'instances'>): string {
  return instances === 1 ? WHERE[host] : `${WHERE[host]}, ${instances} instances each`
}

/** Provisions a runtime that renders with this version of marked. */
export type Provision = (version: string) => Runtime<RenderRequest, Rendered>

/** A fault that the demo causes in a version. */
export interface Flaw {
  /** The paths of the documents that it fails on. */
  readonly documents: readonly string[]
  /** From its start on, so many ms after it became active, or while a file is missing. */
  readonly when: 'always' | { readonly afterActive: number } | { readonly without: string }
}

/** The messages of the errors that the demo brings about. */
export const BROKEN = 'The demo has broken this version for some documents.'
export const OUTAGE = 'The demo has taken away what both versions need for some documents.'

export interface Renderers {
  readonly host: HostName
  /** More than one are a pool. */
  readonly instances: number
  readonly executions: Executions
  readonly inspect?: Inspect
  /** Whether the versions are HTTP applications. */
  readonly http?: boolean
  readonly flawOf?: (version: string) => Flaw | undefined
  /** The version of marked that a version renders with. @default the same */
  readonly rendersLike?: (version: string) => string
}

/** Every version and every host uses the same module file. */
export function renderersOn({ host, instances, executions, inspect, http, flawOf, rendersLike }: Renderers): Provision {
  const one = HOSTS[host]({ inspect })
  const provisioner = instances === 1 ? one : pool(one, { size: instances, inspect })
  const module = new URL(http === true ? './http/app.js' : './renderer.js', import.meta.url)
  return version => {
    const onHostRequest = (request: unknown) => {
      const { executed } = request as { readonly executed: number }
      executions.set(executed, (executions.get(executed) ?? 0) + 1)
    }
    const localConfig = { flaw: flawOf?.(version), marked: rendersLike?.(version) ?? version }
    return provisioner.provision<RenderRequest, Rendered>({
      id: 'markdown',
      version,
      module,
      localConfig,
      onHostRequest,
    })
  }
}

export function digestOf(html: string): string {
  return createHash('sha1').update(html).digest('hex')
}
