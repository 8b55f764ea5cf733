/** The runtime module: renders READMEs with one version of marked, wherever it runs. */
import { readFile } from 'node:fs/promises'
import type { CallContext, RuntimeContext } from 'cutover/hosts'
import { digestOf, type Rendered, type RenderRequest } from './markdown.js'
import { installedEditions, type Render } from './marked.js'

let context: RuntimeContext
let render: Render

export async function start(given: RuntimeContext): Promise<void> {
  const editions = Object.values(await installedEditions())
  const edition = editions.find(({ version }) => version === given.version)
  if (edition === undefined) throw new Error(`marked ${given.version} is not installed`)
  context = given
  render = await edition.load()
}

export async function call({ id, path }: RenderRequest, { signal }: CallContext): Promise<Rendered> {
  // The host counts: a call that is executed twice would be seen.
  const counted = context.callHost({ executed: id })
  const markdown = await readFile(path, { encoding: 'utf8', signal })
  const digest = digestOf(render(markdown))
  await counted
  return { version: context.version, digest }
}
