import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { inProcess, type Provisioner, type RuntimeModule } from 'cutover/hosts'
import type { Edition, Editions } from './marked.js'

export interface RenderRequest {
  readonly id: number
  readonly path: string
}

export interface Rendered {
  readonly version: string
  /** Of the HTML. */
  readonly digest: string
}

/** How often each request was executed, by id, whichever version did it. */
export type Executions = Map<number, number>

/** Makes runtimes of either version of marked: the config's version picks the package. */
export function markdownProvisioner(editions: Editions, executions: Executions): Provisioner {
  return inProcess({
    module: ({ version }) => {
      const edition = [editions.old, editions.new].find(candidate => candidate.version === version)
      if (edition === undefined) throw new Error(`marked ${version} is not installed`)
      return markdownModule(edition, executions)
    },
  })
}

async function markdownModule(
  { version, load }: Edition,
  executions: Executions,
): Promise<RuntimeModule<RenderRequest, Rendered>> {
  const render = await load()
  return {
    async call({ id, path }, { signal }) {
      executions.set(id, (executions.get(id) ?? 0) + 1)
      const markdown = await readFile(path, { encoding: 'utf8', signal })
      return { version, digest: digestOf(render(markdown)) }
    },
  }
}

export function digestOf(html: string): string {
  return createHash('sha1').update(html).digest('hex')
}
