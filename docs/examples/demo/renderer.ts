/** The runtime module: renders READMEs with one version of marked, in any host. */
import { readFile } from 'node:fs/promises'
import type { CallContext, RuntimeContext } from 'cutover/hosts'
import { digestOf, type Rendered, type RenderRequest } from './markdown.js'
import { installedVersions, type Render } from './markedVersions.js'

let context: RuntimeContext
let render: Render

export async function start(given: RuntimeContext): Promise<void> {
  const installed = Object.values(await installedVersions())
  const marked = installed.find(({ version }) => version === given.version)
  if (marked === undefined) throw new Error(`marked ${given.version} is not installed`)
  context = given
  render = await marked.load()
}

export async function call({ id, path }: RenderRequest, { signal }: CallContext): Promise<Rendered> {
  // The host counts executions, to detect a call that is executed twice.
  const counted = context.callHost({ executed: id })
  const markdown = await readFile(path, { encoding: 'utf8', signal })
  const digest = digestOf(render(markdown))
  await counted
  return { version: context.version, digest }
}
