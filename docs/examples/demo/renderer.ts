/** The runtime module: renders READMEs with one version of marked, in any host. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Role } from 'cutover'
import type { CallContext, RuntimeContext } from 'cutover/hosts'
import { BROKEN, digestOf, type Flaw, OUTAGE, type Rendered, type RenderRequest } from './markdown.js'
import { installedVersions, type Render } from './markedVersions.js'

let context: RuntimeContext
let render: Render
let activeSince = Number.POSITIVE_INFINITY

export async function start(given: RuntimeContext): Promise<void> {
  const installed = Object.values(await installedVersions())
  const marked = installed.find(({ version }) => version === given.version)
  if (marked === undefined) throw new Error(`marked ${given.version} is not installed`)
  context = given
  render = await marked.load()
}

export function role(given: Role): void {
  if (given === 'active') activeSince = performance.now()
}

export async function call({ id, path }: RenderRequest, { signal }: CallContext): Promise<Rendered> {
  // The host counts executions, to detect a call that is executed twice.
  const counted = context.callHost({ executed: id })
  const [markdown] = await Promise.all([readFile(path, { encoding: 'utf8', signal }), counted])
  const digest = digestOf(render(markdown))
  failIfFlawed(path)
  return { version: context.version, digest }
}

/** Is the last thing before the answer, so that failures of both versions arrive after similar times. */
function failIfFlawed(path: string): void {
  const { flaw } = context.localConfig as { readonly flaw?: Flaw }
  if (flaw === undefined || !flaw.documents.includes(path)) return
  const { when } = flaw
  if (when === 'always') throw new Error(BROKEN)
  if ('without' in when) {
    if (!existsSync(when.without)) throw new Error(OUTAGE)
  } else if (performance.now() >= activeSince + when.afterActive) throw new Error(BROKEN)
}
